import { describe, expect, it } from 'vitest';
import { appState, deploymentStates, streamState } from '../src/index.ts';
import type { DeploymentState } from '../src/index.ts';

type Row = readonly [states: string, expected: DeploymentState];

const split = (states: string) => states.split(' ') as DeploymentState[];

describe('the state of an app', () => {
  it.each(deploymentStates)('is that of its instances where all are %s', (state) => {
    expect(appState([state, state, state])).toBe(state);
  });

  it.each<Row>([
    ['deployed error', 'error'],
    ['deploying error failed', 'error'],
    ['deployed deploying', 'deploying'],
    ['failed deploying', 'deploying'],
    ['deployed failed', 'partial'],
    ['deployed undeployed', 'partial'],
    ['partial failed', 'partial'],
    ['failed undeployed', 'failed'],
    ['undeployed unknown', 'partial'],
  ])('of %s is %s', (states, expected) => expect(appState(split(states))).toBe(expected));

  it('without instances is unknown, unless none are wanted', () => {
    expect([appState([]), appState([], 2), appState([], 0)]).toEqual(['unknown', 'unknown', 'deployed']);
  });
});

describe('the state of a stream', () => {
  it.each<Row>([
    ['deployed deployed', 'deployed'],
    ['unknown', 'undeployed'],
    ['failed failed', 'failed'],
    ['deployed error', 'error'],
    ['deployed failed deploying', 'partial'],
    ['failed deploying', 'failed'],
    ['deployed deploying', 'deploying'],
    ['deployed undeployed', 'partial'],
  ])('of %s is %s', (states, expected) => expect(streamState(split(states))).toBe(expected));

  it('without apps is an error', () => expect(streamState([])).toBe('error'));
});
