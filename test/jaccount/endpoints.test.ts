import { expect } from 'chai';
import { jaccountEndpoints } from 'passport-jaccount';
import { emulatorClient, endpointsAt, isLoopback } from '../../dist/jaccount/endpoints.js';

describe('jaccountEndpoints', () => {
  it("holds the five addresses of SJTU's jAccount", () => {
    expect(jaccountEndpoints).to.deep.equal({
      issuer: 'https://jaccount.sjtu.edu.cn/oauth2/',
      authorizationURL: 'https://jaccount.sjtu.edu.cn/oauth2/authorize',
      tokenURL: 'https://jaccount.sjtu.edu.cn/oauth2/token',
      logoutURL: 'https://jaccount.sjtu.edu.cn/oauth2/logout',
      apiURL: 'https://api.sjtu.edu.cn/v1',
    });
  });

  it('cannot be changed', () => {
    expect(() => Object.assign(jaccountEndpoints, { tokenURL: 'https://evil.example/' })).to.throw(TypeError);
  });
});

describe('endpointsAt()', () => {
  it('puts everything at one origin', () => {
    expect(endpointsAt('http://127.0.0.1:8080')).to.deep.equal({
      issuer: 'http://127.0.0.1:8080/oauth2/',
      authorizationURL: 'http://127.0.0.1:8080/oauth2/authorize',
      tokenURL: 'http://127.0.0.1:8080/oauth2/token',
      logoutURL: 'http://127.0.0.1:8080/oauth2/logout',
      apiURL: 'http://127.0.0.1:8080/v1',
    });
  });

  it('names the addresses as the real ones are named', () => {
    expect(Object.keys(endpointsAt('http://localhost'))).to.have.members(Object.keys(jaccountEndpoints));
  });
});

describe('isLoopback()', () => {
  const local = [
    'http://localhost/',
    'http://LOCALHOST:3000/',
    'http://127.0.0.1/',
    'http://127.255.255.254:80/',
    'http://127.1/',
    'http://0x7f000001/',
    'http://[::1]:3000/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://user@localhost/',
  ];
  for (const url of local) {
    it(`takes ${url} for this machine`, () => {
      expect(isLoopback(new URL(url))).to.equal(true);
    });
  }

  const foreign = [
    'https://jaccount.sjtu.edu.cn/',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://localhost@evil.example/',
    'http://evil.example/?localhost',
    'http://evil.example/#127.0.0.1',
    'http://mylocalhost/',
    'http://127.0.0.evil/',
    'http://126.255.255.255/',
    'http://128.0.0.1/',
    'http://10.0.0.1/',
    'http://192.168.0.1/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::2]/',
    'http://[fe80::1]/',
    'file:///etc/hosts',
    'data:text/plain,localhost',
  ];
  for (const url of foreign) {
    it(`takes ${url} for another machine`, () => {
      expect(isLoopback(new URL(url))).to.equal(false);
    });
  }
});

describe('emulatorClient', () => {
  it('has a secret as long as a real one', () => {
    expect(emulatorClient.clientSecret).to.have.lengthOf(48);
  });

  it('cannot be changed', () => {
    expect(() => Object.assign(emulatorClient, { clientSecret: 'x' })).to.throw(TypeError);
  });
});
