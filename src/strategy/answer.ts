import { hangUp } from '../frameworks';
import { errorOf } from './verdict';

/** The five answers that Passport knows. */
export interface Actions {
  success(user: unknown, info?: unknown): void;
  fail(challenge?: unknown, status?: number): void;
  redirect(url: string, status?: number): void;
  pass(): void;
  error(error: unknown): void;
}

/** The one answer to one request: the first counts, and each further one is dropped. */
export class Answer {
  private readonly actions: Actions;
  private settled = false;

  /**
   * Copies the action methods of `strategy` now: where the instance itself was given to Passport, Passport overwrites them
   * when the next request starts.
   */
  constructor(
    strategy: object,
    private readonly req: object,
  ) {
    const { success, fail, redirect, pass, error } = strategy as Actions;
    this.actions = { success, fail, redirect, pass, error };
  }

  /** Whether an answer was given. */
  get isSettled(): boolean {
    return this.settled;
  }

  /** Answers by one of the five actions. An application whose own code throws here gets the error, and does not hang. */
  settle(answer: (actions: Actions) => void): void {
    if (this.settled) return;
    this.settled = true;
    try {
      answer(this.actions);
    } catch (error) {
      this.report(error);
    }
  }

  // If that throws too, no answer is left to give: a closed connection says more than a silent one.
  private report(error: unknown): void {
    try {
      this.actions.error(errorOf(error));
    } catch (again) {
      process.emitWarning(errorOf(again));
      hangUp(this.req);
    }
  }
}
