import { expect } from 'chai';
import { buildLogoutURL } from '../../dist/protocol/logout.js';

const logoutURL = 'https://jaccount.sjtu.edu.cn/oauth2/logout';
const clientID = 'japp000001';

describe('buildLogoutURL()', () => {
  it('names the client and where to return [LO-02]', () => {
    const url = buildLogoutURL({ logoutURL, clientID, postLogoutRedirectURI: 'https://app.example/bye' });

    expect(url).to.equal(
      'https://jaccount.sjtu.edu.cn/oauth2/logout?client_id=japp000001&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye',
    );
  });

  it('keeps the query of the return address inside it', () => {
    const postLogoutRedirectURI = 'https://app.example/bye?a=1&client_id=evil#top';

    const { searchParams } = new URL(buildLogoutURL({ logoutURL, clientID, postLogoutRedirectURI }));

    expect([...searchParams]).to.deep.equal([
      ['client_id', clientID],
      ['post_logout_redirect_uri', postLogoutRedirectURI],
    ]);
  });

  it('keeps what the query of the logout address has', () => {
    const url = buildLogoutURL({
      logoutURL: `${logoutURL}?lang=zh`,
      clientID,
      postLogoutRedirectURI: 'https://app.example/',
    });

    expect(new URL(url).searchParams.get('lang')).to.equal('zh');
  });

  it('takes the place of a client that the logout address names', () => {
    const url = buildLogoutURL({
      logoutURL: `${logoutURL}?client_id=other`,
      clientID,
      postLogoutRedirectURI: 'https://app.example/',
    });

    expect(new URL(url).searchParams.getAll('client_id')).to.deep.equal([clientID]);
  });

  it('sends no state, which jAccount joins wrongly', () => {
    const url = buildLogoutURL({ logoutURL, clientID, postLogoutRedirectURI: 'https://app.example/' });

    expect(new URL(url).searchParams.has('state')).to.equal(false);
  });

  it('sends a state that is asked for', () => {
    const url = buildLogoutURL({
      logoutURL,
      clientID,
      postLogoutRedirectURI: 'https://app.example/',
      state: 'a b',
    });

    expect(new URL(url).searchParams.get('state')).to.equal('a b');
  });

  for (const uri of [
    'https://app.example',
    'http://localhost:3000/',
    'http://127.0.0.1/',
    'http://[::1]:80/bye',
  ]) {
    it(`returns to ${uri}`, () => {
      expect(() => buildLogoutURL({ logoutURL, clientID, postLogoutRedirectURI: uri })).not.to.throw();
    });
  }

  const refused: unknown[] = [
    ...[
      '',
      '/',
      '/bye',
      'bye',
      '//app.example/',
      'app.example',
      'https:',
      'https://',
      'https:// app.example',
    ],
    ...['http://app.example/', 'http://localhost.evil.example/', 'http://10.0.0.1/', 'ftp://localhost/'],
    ...['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'myapp://callback'],
    ...[undefined, null, 5, {}, ['https://app.example/'], new URL('https://app.example/')],
  ];
  for (const uri of refused) {
    it(`refuses to return to ${JSON.stringify(uri)} [LO-02]`, () => {
      const build = () => buildLogoutURL({ logoutURL, clientID, postLogoutRedirectURI: uri as string });

      expect(build).to.throw(TypeError, 'postLogoutRedirectURI');
    });
  }
});
