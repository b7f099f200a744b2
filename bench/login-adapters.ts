/** How an adapter signs users in; login-strategies.ts makes each. */
export type Kind =
  | 'shell'
  | 'floor'
  | 'floor two requests'
  | 'passport-oauth2'
  | 'passport-openidconnect'
  | 'openid'
  | 'openid, sessions'
  | 'basic';

export interface Adapter {
  name: string;
  kind: Kind;
  /** The file of another build of this package. */
  package?: string;
}

/** The names that every ratio is taken against. */
export const floor = 'floor';
export const peer = 'passport-openidconnect';

const peers: readonly Kind[] = ['shell', floor, 'floor two requests', 'passport-oauth2', peer];
const ours: readonly Kind[] = ['openid', 'openid, sessions', 'basic'];

/** All adapters, and those of other builds, each given as `LABEL=/path/to/dist/index.js`. */
export function adaptersWith(also: readonly string[]): Adapter[] {
  return [
    ...peers.map((kind) => ({ name: kind, kind })),
    ...ours.map((kind) => ({ name: `jaccount ${kind}`, kind })),
    ...also.flatMap(otherBuild),
  ];
}

export function ofKinds(adapters: readonly Adapter[], ...kinds: Kind[]): Adapter[] {
  return adapters.filter(({ kind }) => kinds.includes(kind));
}

function otherBuild(option: string): Adapter[] {
  const [label = '', path] = option.split(/=(.*)/s, 2);
  if (!path?.startsWith('/')) throw new TypeError('--also takes LABEL=/path/to/dist/index.js');
  const kinds: Kind[] = ['openid', 'basic'];
  return kinds.map((kind) => ({ name: `jaccount ${kind} (${label})`, kind, package: path }));
}
