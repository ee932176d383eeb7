import { expect, it } from 'vitest';
import { parseJaas } from '../../src/properties/jaas.ts';

it.each([
  ['a.b.PlainLoginModule required username="u" password="p";', 'PlainLoginModule', { username: 'u', password: 'p' }],
  [
    'PlainLoginModule required\n  username=u\n  password="with ; and = and \\" ";',
    'PlainLoginModule',
    { username: 'u', password: 'with ; and = and " ' },
  ],
  ['OAuthBearerLoginModule required;', 'OAuthBearerLoginModule', {}],
])('%s', (source, module, options) => {
  const login = parseJaas(source)!;
  expect(login.module).toBe(module);
  expect(Object.fromEntries(login.options)).toEqual(options);
});

it.each([[''], ['username="u"'], ['PlainLoginModule']])("'%s' is no login", (source) => {
  expect(parseJaas(source)).toBeUndefined();
});
