import assert from 'node:assert/strict';
import { expect } from 'chai';
import { once } from '../dist/once.js';

describe('once()', () => {
  it('makes nothing before it is wanted', () => {
    let made = 0;

    once(async () => made++);

    expect(made).to.equal(0);
  });

  it('makes one value for all who wait', async () => {
    let made = 0;
    const value = once(async () => ({ number: ++made }));

    const [one, other] = await Promise.all([value(), value()]);

    expect(one).to.equal(other);
    expect(await value()).to.deep.equal({ number: 1 });
  });

  it('tries again after a failure', async () => {
    let tries = 0;
    const value = once(async () => {
      if (++tries === 1) throw new Error('the first time');
      return tries;
    });

    await assert.rejects(value(), /the first time/);

    expect(await value()).to.equal(2);
  });
});
