import type { Deployer, LogLine, LogOptions } from '@millrace/deployer-contract';
import type { BrokenDeployer } from './sabotage.ts';

type Log = Deployer['log'];

async function* every<T>(items: AsyncIterable<T>, holds: (item: T, number: number) => boolean): AsyncGenerator<T> {
  let number = 0;
  for await (const item of items) if (holds(item, number++)) yield item;
}

function logging(change: (log: Log, id: string, options: LogOptions) => AsyncIterable<LogLine>): BrokenDeployer['sabotage'] {
  return (real) => ({ log: (id, options = {}) => change(real.log.bind(real), id, options) });
}

export const brokenTelling: readonly BrokenDeployer[] = [
  {
    name: 'gives the whole log always',
    sabotage: logging((log, id, options) => log(id, { ...options, tail: Infinity })),
    caughtBy: ['logs › the last lines are given, each under its instance and stream'],
  },
  {
    name: 'does not say which instance a line is from',
    sabotage: (real) => ({
      async *log(id, options) {
        for await (const line of real.log(id, options)) yield { ...line, instance: id };
      },
    }),
    caughtBy: [
      'logs › the last lines are given, each under its instance and stream',
      'logs › one instance can be chosen; one that does not exist is refused',
    ],
  },
  {
    name: 'loses error output',
    sabotage: logging((log, id, options) => every(log(id, options), ({ stream }) => stream === 'stdout')),
    caughtBy: ['logs › both streams are given unless one is asked for', 'logs › the log of an app that ended can be read'],
  },
  {
    name: 'gives the logs of all instances always',
    sabotage: logging((log, id, options) => log(id, { ...options, instance: undefined })),
    caughtBy: ['logs › one instance can be chosen; one that does not exist is refused'],
  },
  {
    name: 'loses a line now and then while following',
    sabotage: logging((log, id, options) => every(log(id, options), (_, number) => options.follow !== true || number % 7 !== 5)),
    caughtBy: ['logs › following gives what is written later, without a gap'],
  },
  {
    name: 'does not follow',
    sabotage: logging((log, id, options) => log(id, { ...options, follow: false })),
    caughtBy: ['logs › following gives what is written later, without a gap'],
  },
  {
    name: 'never ends following',
    sabotage: (real) => ({
      async *log(id, options) {
        yield* real.log(id, options);
        if (options?.follow === true) await new Promise(() => undefined);
      },
    }),
    caughtBy: ['logs › following ends by the signal', 'logs › following ends when the deployment does'],
  },
  {
    name: 'answers in an order of its own',
    sabotage: (real) => ({ statuses: async (ids) => (await real.statuses(ids)).toReversed() }),
    caughtBy: ['observation › many are asked for at once, in the order asked, known or not'],
  },
  {
    name: 'leaves out what it does not know',
    sabotage: (real) => ({ statuses: async (ids) => (await real.statuses(ids)).filter(({ state }) => state !== 'unknown') }),
    caughtBy: ['observation › many are asked for at once, in the order asked, known or not'],
  },
  {
    name: 'lists nothing',
    sabotage: () => ({ list: async () => [] }),
    caughtBy: [
      'observation › all are told of where none is named, and listed',
      'restart of the deployer › what runs goes on and is adopted',
    ],
  },
  {
    name: 'tells watchers nothing of the end',
    sabotage: (real) => ({ watch: (listener) => real.watch((status) => void (status.state !== 'unknown' && listener(status))) }),
    caughtBy: ['observation › a watcher is told of every change, in order, and no more once it has stopped'],
  },
  {
    name: 'goes on telling watchers that stopped',
    sabotage: (real) => ({
      watch: (listener) => {
        real.watch(listener);
        return () => undefined;
      },
    }),
    caughtBy: ['observation › a watcher is told of every change, in order, and no more once it has stopped'],
  },
  {
    name: 'tells one watcher only',
    sabotage: (real) => {
      let isTaken = false;
      return {
        watch: (listener) => {
          if (isTaken) return () => undefined;
          isTaken = true;
          return real.watch(listener);
        },
      };
    },
    caughtBy: ['observation › a watcher that fails harms nobody'],
  },
  {
    name: 'ends what runs when it is closed',
    sabotage: (real) => ({
      close: async () => {
        // Closed already: there is nothing to end.
        for (const id of await real.list().catch(() => [])) await real.undeploy(id);
        await real.close();
      },
    }),
    caughtBy: [
      'restart of the deployer › what runs goes on and is adopted',
      'restart of the deployer › what was adopted can be scaled, watched and undeployed',
    ],
  },
  {
    name: 'knows nothing of what an earlier one started',
    sabotage: (real, shared) => ({
      open: async () => {
        for (const { instances } of shared.deployments.values()) for (const { app } of instances) app.end();
        shared.deployments.clear();
        await real.open();
      },
    }),
    caughtBy: [
      'restart of the deployer › what starts while it is away is deployed after',
      'restart of the deployer › what ended meanwhile is failed, and deploying again starts it',
    ],
  },
  {
    name: 'starts anew what it adopts',
    sabotage: (real, shared) => ({
      open: async () => {
        await real.open();
        for (const { request } of Array.from(shared.deployments.values())) {
          await real.undeploy(real.idOf(request));
          await real.deploy(request);
        }
      },
    }),
    caughtBy: ['restart of the deployer › what runs goes on and is adopted'],
  },
];
