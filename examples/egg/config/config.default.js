const { tmpdir } = require('node:os');
const path = require('node:path');

const { JACCOUNT_CLIENT_ID: clientID, JACCOUNT_CLIENT_SECRET: clientSecret, PORT = 3000 } = process.env;

exports.keys = 'a long random text';

exports.url = `http://localhost:${PORT}`;

exports.jaccount = {
  clientID,
  clientSecret,
  // Absolute, with the path that app.passport.mount('jaccount') gives the callback.
  callbackURL: `${exports.url}/passport/jaccount/callback`,
};

exports.middleware = ['problem'];

exports.session = { sameSite: 'lax' };

// Without these two lines, egg writes its logs and its settings into this folder.
exports.logger = { dir: path.join(tmpdir(), 'egg-example', 'logs') };
exports.rundir = path.join(tmpdir(), 'egg-example', 'run');
