/** What a client may be called and keep secret: characters that header, form and URL each encode in a way of their own. */
export const oddClient = {
  clientID: 'ja-odd_client%2B+1',
  clientSecret: 'odd-secret_of%25thirty+two%and-more_characters',
};
