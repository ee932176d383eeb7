import { expect, it } from 'vitest';
import { parseDeploymentProperties } from '@millrace/pipeline-dsl';

it.each([
  ['', {}],
  ['app.web.port=1,deployer.*.count=2', { 'app.web.port': '1', 'deployer.*.count': '2' }],
  ['app.web.list=a,b,c,version.web=1.0', { 'app.web.list': 'a,b,c', 'version.web': '1.0' }],
  ['app.web.map=a=1,b=2 , deployer.web.memory = 1g ', { 'app.web.map': 'a=1,b=2', 'deployer.web.memory': '1g' }],
  [
    'spring.cloud.dataflow.task.platformName=x,scheduler.cron=0 0 * * *',
    { 'spring.cloud.dataflow.task.platformName': 'x', 'scheduler.cron': '0 0 * * *' },
  ],
  ['app.a.x=1,app.a.x=2', { 'app.a.x': '2' }],
])('reads %s', (text, expected) => {
  expect(parseDeploymentProperties(text)).toEqual(expected);
});

it.each(['web.port=1', 'app.web', 'x=1,app.a.b=2'])('refuses %s', (text) => {
  expect(() => parseDeploymentProperties(text)).toThrow('is not a deployment property');
});
