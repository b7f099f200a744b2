declare module 'passport-oauth2-refresh' {
  export class AuthTokenRefresh {
    use(strategy: object): void;
    requestNewAccessToken(
      name: string,
      refreshToken: string,
      done: (error: unknown, accessToken: string) => void,
    ): void;
  }
}
