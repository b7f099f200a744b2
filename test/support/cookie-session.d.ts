declare module 'cookie-session' {
  import type { RequestHandler } from 'express';

  export default function cookieSession(options: { name?: string; secret: string }): RequestHandler;
}
