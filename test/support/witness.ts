import type { Request } from 'express';
import {
  type ContextVerifyFunction,
  JaccountStrategy,
  type JaccountStrategyOptions,
} from 'passport-jaccount';

/** One of Passport's five answers, with what came along. */
export interface Answer {
  exit: 'success' | 'fail' | 'error' | 'redirect' | 'pass';
  value: unknown;
}

const exits = ['success', 'fail', 'error', 'redirect', 'pass'] as const;

type Actions = Record<(typeof exits)[number], (...values: unknown[]) => void>;

/** The strategy as it is, telling what it answered: an application sees errors only as its handler renders them. */
export class WitnessedStrategy extends JaccountStrategy {
  readonly answers: Answer[] = [];

  constructor(options: JaccountStrategyOptions, verify: ContextVerifyFunction) {
    super(options, verify);
  }

  // Passport has put its actions on `this`, which is made for the request.
  override authenticate(req: Request, options?: object): Promise<void> {
    const actions = this as unknown as Actions;
    for (const exit of exits) {
      const action = actions[exit];
      actions[exit] = (...values) => {
        this.answers.push({ exit, value: values[0] });
        action.apply(this, values);
      };
    }
    return super.authenticate(req, options);
  }

  /** The last error, as the application's error handler gets it. */
  get lastError(): any {
    return this.answers.findLast(({ exit }) => exit === 'error')?.value;
  }
}
