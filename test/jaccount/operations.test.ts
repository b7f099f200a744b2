import { expect } from 'chai';
import { operations, scopes } from 'passport-jaccount';
import { operationOf } from '../../dist/jaccount/operations.js';

describe('operations', () => {
  it('are the 59 that jAccount documents', () => {
    expect(operations.size).to.equal(59);
  });

  it('are found by method and path', () => {
    expect(operations.get('GET /v1/gpa')).to.deep.equal({
      method: 'GET',
      path: '/v1/gpa',
      grants: ['authorization_code'],
      scopes: ['scores'],
    });
  });

  for (const [name, operation] of operations) {
    it(`name scopes that are in the table of scopes: ${name}`, () => {
      expect(operation.scopes.filter((scope) => !scopes.has(scope))).to.deep.equal([]);
    });
  }

  it('cannot be changed', () => {
    for (const operation of operations.values()) expect(operation.scopes).to.be.frozen;
  });
});

describe('operationOf()', () => {
  const found: [method: string, path: string, name: string][] = [
    ['GET', '/v1/me/profile', '/v1/me/profile'],
    ['GET', '/v1/profile/zhangsan', '/v1/profile/{account}'],
    ['GET', '/v1/me/lessons', '/v1/me/lessons[/{term}]'],
    ['GET', '/v1/me/lessons/2025-2026-1', '/v1/me/lessons[/{term}]'],
    ['GET', '/v1/file/preview', '/v1/file/preview'],
    ['GET', '/v1/file/123', '/v1/file/{id}'],
    [
      'GET',
      '/v1/enterprise/position/03000:dean:all/users',
      '/v1/enterprise/position/{dept}:{post}:{biz}/users',
    ],
    ['PUT', '/v1/enterprise/position/03000:dean/users', '/v1/enterprise/position/{dept}:{post}/users'],
    ['GET', '/v1/barcode/qr/login.png', '/v1/barcode/qr/{fileName}.{imageType}'],
    ['GET', '/v1/barcode/code128/42.png', '/v1/barcode/{type}/{value}.{imageType}'],
    ['POST', '/v2/task/message', '/v2/task/message'],
  ];
  for (const [method, path, name] of found) {
    it(`takes ${method} ${path} for ${name}`, () => {
      expect(operationOf(method, path)).to.include({ method, path: name });
    });
  }

  for (const [method, path] of [
    ['POST', '/v1/me/profile'],
    ['GET', '/v1/me/profile/'],
    ['GET', '/v1/me/profile/x'],
    ['GET', '/v2/me/profile'],
    ['GET', '/v1/me/circles'],
    ['get', '/v1/me/profile'],
    ['GET', '/V1/me/profile'],
    ['GET', '/v1/barcode/qr/loginXpng'],
  ] as const) {
    it(`knows no ${method} ${path}`, () => {
      expect(operationOf(method, path)).to.equal(undefined);
    });
  }
});
