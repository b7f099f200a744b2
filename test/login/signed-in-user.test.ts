import { expect } from 'chai';
import { signedInUser } from '../../dist/login/signed-in-user.js';

class Opaque {
  readonly #account: string;
  constructor(account: string) {
    this.#account = account;
  }
  greet(): string {
    return this.#account;
  }
}

describe('signedInUser()', () => {
  it('is undefined where nobody is signed in', () => {
    expect(signedInUser({})).to.equal(undefined);
  });

  it('is the same for one user loaded twice', () => {
    const [one, other] = [{ user: { id: 7, seen: 1 } }, { user: { id: 7, seen: 2 } }].map(signedInUser);

    expect(one).to.be.a('string').and.equal(other);
  });

  it('differs between two users', () => {
    const [one, other] = [{ user: { id: 7 } }, { user: { id: 8 } }].map(signedInUser);

    expect(one).not.to.equal(other);
  });

  // Otherwise one of them could finish a login that another one began.
  for (const [what, user] of [
    ['an object that shows nothing', new Opaque('zhangsan')],
    ['an empty object', {}],
    ['an empty list', []],
    ['true', true],
  ] as const) {
    it(`throws a TypeError for ${what}, which is the same for every user`, () => {
      expect(() => signedInUser({ user })).to.throw(TypeError, 'give the user object an id');
    });
  }
});
