// Makes the strategy of one adapter. Each loads its package when it is made, so that a process holds only the packages
// that it measures.
import type { Strategy } from 'passport';
import type { VerifyCallback } from 'passport-oauth2';
import { createFloor } from './floor';
import type { Adapter, Kind } from './login-adapters';
import type { Client } from './provider';

export interface StrategySetting {
  /** The origin of the provider. */
  provider: string;
  client: Client;
  callbackURL: string;
}

type Maker = (setting: StrategySetting, packageName: string) => Strategy | Promise<Strategy>;

const makers: Record<Kind, Maker> = {
  shell: createShell,
  floor: (setting) => createFloor(setting, false),
  'floor two requests': (setting) => createFloor(setting, true),
  'passport-oauth2': createOAuth2,
  'passport-openidconnect': createOpenIDConnect,
  openid: (setting, packageName) => createJaccount(setting, packageName, 'openid'),
  'openid, sessions': createJaccountWithSessions,
  basic: (setting, packageName) => createJaccount(setting, packageName, 'basic'),
};

export async function createStrategy(adapter: Adapter, setting: StrategySetting): Promise<Strategy> {
  const packageName = adapter.package ?? process.env.JACCOUNT_PACKAGE ?? 'passport-jaccount';
  return makers[adapter.kind](setting, packageName);
}

export function endpointsAt(origin: string) {
  return {
    issuer: `${origin}/oauth2/`,
    authorizationURL: `${origin}/oauth2/authorize`,
    tokenURL: `${origin}/oauth2/token`,
    logoutURL: `${origin}/oauth2/logout`,
    apiURL: `${origin}/v1`,
  };
}

// What Express, the session and Passport cost without any protocol.
function createShell({ provider, callbackURL }: StrategySetting): Strategy {
  const query = new URLSearchParams({ redirect_uri: callbackURL, state: 'none' });
  const location = `${endpointsAt(provider).authorizationURL}?${query}`;
  return {
    authenticate(req) {
      if (req.query.code === undefined) this.redirect(location);
      else this.success({ id: 'zhangsan' });
    },
  };
}

async function createOAuth2({ provider, client, callbackURL }: StrategySetting): Promise<Strategy> {
  const { default: OAuth2 } = await import('passport-oauth2');
  const verify = (_access: string, _refresh: string, _profile: object, done: VerifyCallback) =>
    done(null, { id: 'zhangsan' });
  const options = { ...client, ...endpointsAt(provider), callbackURL, state: true, pkce: true };
  return new OAuth2(options, verify);
}

// With three parameters of verify it asks no UserInfo endpoint.
async function createOpenIDConnect({ provider, client, callbackURL }: StrategySetting): Promise<Strategy> {
  const { default: OpenIDConnect } = await import('passport-openidconnect');
  const userInfoURL = `${provider}/oauth2/userinfo`;
  const options = { ...client, ...endpointsAt(provider), userInfoURL, callbackURL, nonce: true };
  return new OpenIDConnect(options, (_issuer, { id }, done) => done(null, { id }));
}

async function createJaccount(
  { provider, client, callbackURL }: StrategySetting,
  packageName: string,
  scope: string,
): Promise<Strategy> {
  const { JaccountStrategy } = await load(packageName);
  const options = { ...client, ...endpointsAt(provider), callbackURL, scope };
  return new JaccountStrategy(options, async ({ profile }) => ({ id: profile.id }));
}

async function createJaccountWithSessions(
  { provider, client, callbackURL }: StrategySetting,
  packageName: string,
): Promise<Strategy> {
  const { JaccountStrategy, SessionTransactions } = await load(packageName);
  const options = { ...client, ...endpointsAt(provider), callbackURL };
  const transactions = new SessionTransactions();
  return new JaccountStrategy({ ...options, transactions }, async ({ profile }) => ({ id: profile.id }));
}

function load(packageName: string): Promise<typeof import('passport-jaccount')> {
  return import(packageName);
}
