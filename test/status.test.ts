import type http from 'node:http';
import { expect } from 'chai';
import express5 from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import Koa from 'koa';
import { AuthorizationResponseError, type JaccountError, NetworkError, StateError } from 'passport-jaccount';
import { serve } from './support/serve';

type Listen = (error: JaccountError) => http.RequestListener | Promise<http.RequestListener>;

// An application without an error handler of its own. Nest is in examples/frameworks.test.ts.
const frameworks: Record<string, Listen> = {
  'Express 4': onExpress(express4),
  'Express 5': onExpress(express5),
  'Koa 3': (error) => {
    const app = new Koa();
    app.silent = true;
    app.use(() => {
      throw error;
    });
    return app.callback();
  },
  'Fastify 5': async (error) => {
    const app = fastify();
    app.get('/', async () => {
      throw error;
    });
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
};

const errors: { error: JaccountError; status: number }[] = [
  { error: new StateError('unknown'), status: 403 },
  { error: new AuthorizationResponseError('temporarily_unavailable'), status: 503 },
  { error: new NetworkError('https://jaccount.sjtu.edu.cn/oauth2/token', { timedOut: true }), status: 504 },
];

describe('an error that nothing of the application handles', () => {
  for (const [name, listen] of Object.entries(frameworks)) {
    for (const { error, status } of errors) {
      it(`is answered with ${status} by ${name}, as a ${error.name} asks`, async () => {
        const { url, stop } = await serve(await listen(error));

        const answer = await fetch(url);

        await stop();
        expect(answer.status).to.equal(status);
      });
    }
  }
});

function onExpress(express: typeof express5): Listen {
  return (error) => {
    const app = express();
    // Otherwise Express prints the error.
    app.set('env', 'test');
    app.get('/', (_req, _res, next) => next(error));
    return app;
  };
}
