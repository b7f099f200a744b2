import { expect } from 'chai';
import {
  AuthorizationResponseError,
  type JaccountProfile,
  messageFor,
  StateError,
  type VerifyContext,
} from 'passport-jaccount';
import { type Emulator, startEmulator } from 'passport-jaccount/emulator';
import { comeBack, signIn } from './support/emulated-login';
import { startMidway } from './support/midway-application';
import { type HabitApplication, startNest, type Validate } from './support/nest-application';
import { UserAgent, type Visit } from './support/user-agent';

const userOf = ({ id, displayName }: JaccountProfile) => ({ account: id, name: displayName });
const user = { account: 'zhaoyichen', name: '赵一辰' };

type Start = (
  client: Emulator['client'] & Emulator['endpoints'],
  validate: Validate,
) => Promise<HabitApplication>;

const onMidway: Start = startMidway;
const onNest =
  (callbackArity?: true | number): Start =>
  (client, validate) =>
    startNest(client, validate, callbackArity);

// What people write, and how they tell the framework.
const context: Validate = async (given: VerifyContext) => userOf(given.profile);
const profileAlone: Validate = async ({ profile }: VerifyContext) => userOf(profile);
const payload: Validate = async (...[{ profile }]: [VerifyContext]) => userOf(profile);
const tokensAndProfile: Validate = async (_access: string, _refresh: string, profile: JaccountProfile) =>
  userOf(profile);
const restOfTokens: Validate = async (...[, , profile]: [string, string, JaccountProfile]) => userOf(profile);

const habits: [string, Start, Validate][] = [
  ['Midway 3 with validate(...payload)', onMidway, payload],
  ['Midway 3 with validate(context)', onMidway, context],
  ['Midway 3 with validate({ profile })', onMidway, profileAlone],
  ['Midway 3 with validate(accessToken, refreshToken, profile)', onMidway, tokensAndProfile],
  ['Nest 11 with validate(accessToken, refreshToken, profile)', onNest(), tokensAndProfile],
  ['Nest 11 with validate(...payload)', onNest(), restOfTokens],
  ['Nest 11 with `true` and validate(context)', onNest(true), context],
  ['Nest 11 with `true` and validate({ profile })', onNest(true), profileAlone],
  ['Nest 11 with `true` and validate(accessToken, refreshToken, profile)', onNest(true), tokensAndProfile],
  ['Nest 11 with 4 and validate(accessToken, refreshToken, profile)', onNest(4), tokensAndProfile],
];

type Answer = () => unknown;

// A validate of each form that gives an answer of its own.
const forms: [string, Start, (answer: Answer) => Validate][] = [
  [
    'validate(...payload) of Midway',
    onMidway,
    (answer) =>
      (..._payload) =>
        answer(),
  ],
  ['validate(context) of Midway', onMidway, (answer) => (_context) => answer()],
  ['validate(accessToken, refreshToken, profile) of Midway', onMidway, (answer) => (_a, _r, _p) => answer()],
  ['validate(accessToken, refreshToken, profile) of Nest', onNest(), (answer) => (_a, _r, _p) => answer()],
  ['validate(context) of Nest', onNest(true), (answer) => (_context) => answer()],
];

const answers: [string, Answer, number][] = [
  ['returns false', () => false, 401],
  ['resolves with false', async () => false, 401],
  ['throws', () => fail(), 500],
  ['rejects', async () => fail(), 500],
];

describe('PassportStrategy(JaccountStrategy)', () => {
  let emulator: Emulator;
  let application: HabitApplication | undefined;
  let url: string;
  let agent: UserAgent;
  const unhandled: unknown[] = [];
  const remember = (error: unknown) => void unhandled.push(error);

  before(async () => {
    emulator = await startEmulator();
    process.on('unhandledRejection', remember);
  });

  beforeEach(() => {
    agent = new UserAgent();
  });

  afterEach(async () => {
    await application?.stop();
    application = undefined;
    // Each would have ended the process of an application; mocha drops them.
    expect(unhandled.splice(0)).to.deep.equal([]);
  });

  after(() => {
    process.off('unhandledRejection', remember);
    return emulator.stop();
  });

  async function start(on: Start, validate: Validate): Promise<void> {
    application = await on({ ...emulator.client, ...emulator.endpoints }, validate);
    url = application.url;
  }

  for (const [habit, on, validate] of habits) {
    describe(habit, () => {
      beforeEach(() => start(on, validate));

      it('signs a user in and out', async () => {
        const signedIn = await signIn(`${url}/login`, agent);
        const signedOut = await agent.follow(await agent.post(`${url}/logout`, {}));

        expect(signedIn.json()).to.deep.equal({ user });
        expect(signedOut.json()).to.deep.equal({ user: null });
      });

      it('refuses a user who declines', async () => {
        const refused = await decline();

        expect(refused.status).to.equal(401);
        expect(await signedInUser()).to.equal(null);
      });

      it('refuses a state of another browser', async () => {
        const refused = await replay();

        expect(refused.status).to.equal(401);
        expect(await signedInUser()).to.equal(null);
      });

      it('signs in after logins that failed', async () => {
        await decline();
        await replay();

        const signedIn = await signIn(`${url}/login`, agent);

        expect(signedIn.json()).to.deep.equal({ user });
      });
    });
  }

  for (const [form, on, shaped] of forms) {
    for (const [what, answer, status] of answers) {
      it(`answers ${status} where ${form} ${what}`, async () => {
        await start(on, shaped(answer));

        const refused = await signIn(`${url}/login`, agent);

        expect(refused.status).to.equal(status);
        expect(await signedInUser()).to.equal(null);
      });
    }
  }

  it('tells the reason of a failure where failureMessage is set on Midway', async () => {
    await start(onMidway, context);

    expect((await decline()).json().reason).to.equal(
      messageFor(new AuthorizationResponseError('access_denied'), 'zh'),
    );
    expect((await replay()).json().reason).to.equal(messageFor(new StateError('unknown'), 'zh'));
  });

  it('throws when Nest starts with validate({ profile }) and without `true`', async () => {
    const failure = await startNest({ ...emulator.client, ...emulator.endpoints }, profileAlone).catch(
      (error) => error,
    );

    expect(failure).to.be.instanceOf(TypeError);
    expect(failure.message).to.include("write PassportStrategy(JaccountStrategy, 'jaccount', true)");
  });

  async function decline(): Promise<Visit> {
    const { location = '' } = await agent.get(`${url}/login`);
    const state = new URL(location).searchParams.get('state') ?? '';
    return agent.get(`${url}/callback?${new URLSearchParams({ error: 'access_denied', state })}`);
  }

  /** Opens the callback of another browser in this one, which has begun a login too. */
  async function replay(): Promise<Visit> {
    await agent.get(`${url}/login`);
    const { location = '' } = await comeBack(new UserAgent(), `${url}/login`, `${url}/callback`);
    return agent.get(location);
  }

  async function signedInUser(): Promise<unknown> {
    return (await agent.get(`${url}/me`)).json().user;
  }
});

function fail(): never {
  throw new Error('of the application');
}
