import assert from 'node:assert/strict';
import { expect } from 'chai';
import { once, oncePerKey } from '../../dist/protocol/once.js';

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

describe('oncePerKey()', () => {
  it('shares what runs with whoever asks by the same key', async () => {
    let made = 0;
    const value = oncePerKey<number>();

    const values = await Promise.all([value('a', async () => ++made), value('a', async () => ++made)]);

    expect(values).to.deep.equal([1, 1]);
  });

  it('shares nothing between keys', async () => {
    const value = oncePerKey<string>();

    const values = await Promise.all([value('a', async () => 'one'), value('b', async () => 'other')]);

    expect(values).to.deep.equal(['one', 'other']);
  });

  it('keeps nothing', async () => {
    let made = 0;
    const value = oncePerKey<number>();
    await value('a', async () => ++made);

    expect(await value('a', async () => ++made)).to.equal(2);
  });

  it('tries again after a failure that all heard of', async () => {
    const value = oncePerKey<number>();
    const fail = async () => {
      throw new Error('the first time');
    };

    const outcomes = await Promise.allSettled([value('a', fail), value('a', async () => 1)]);

    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    expect(await value('a', async () => 2)).to.equal(2);
  });
});
