// The program that the kit deploys. It needs nothing but Node, so that it runs on any platform. What it is told to do comes as
// properties under `kit.`; what it was given it tells in a line of its output.
import { createServer } from 'node:http';

type Values = Readonly<Record<string, string>>;

const args = process.argv.slice(2);

function properties(): Values {
  const json = JSON.parse(process.env['SPRING_APPLICATION_JSON'] ?? '{}') as Values;
  const given = args.flatMap((each) => /^--([^=]+)=([\s\S]*)$/.exec(each)?.slice(1, 3) ?? []);
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < given.length; at += 2) pairs.push([given[at]!, given[at + 1]!]);
  return { ...json, ...Object.fromEntries(pairs) };
}

const values = properties();
const { env } = process;
const index = Number(env['INSTANCE_INDEX'] ?? values['instance.index'] ?? env['CF_INSTANCE_INDEX'] ?? 0);
const chosen = values['kit.match-instances'];
const isMeant = chosen === undefined || chosen.split(',').map(Number).includes(index);

/** The milliseconds of a property; `undefined` where it is not given or meant for other instances. */
function after(name: string): number | undefined {
  const text = isMeant ? values[`kit.${name}`] : undefined;
  return text === undefined ? undefined : Number(text);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

let isWell = true;

function serve(): void {
  const port = Number(values['server.port'] ?? env['SERVER_PORT'] ?? env['PORT'] ?? 8080);
  const server = createServer((request, response) => {
    const isHealth = request.url === '/actuator/health' || request.url === '/actuator/info';
    response.writeHead(isHealth ? (isWell ? 200 : 503) : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: isWell ? 'UP' : 'DOWN' }));
  });
  server.listen(port, env['KIT_ADDRESS'] ?? '127.0.0.1', () => {
    say('kit-ready');
    later('kill-after', () => process.exit(Number(values['kit.exit-code'] ?? 1)));
    later('sick-after', () => (isWell = false));
    later('well-after', () => (isWell = true));
  });
}

function later(name: string, task: () => void): void {
  const ms = after(name);
  if (ms !== undefined) setTimeout(task, ms);
}

process.on('SIGTERM', () => {
  say('kit-stopping');
  if (values['kit.stubborn'] !== 'true') process.exit(0);
});

say(`kit-given ${JSON.stringify({ index, pid: process.pid, args, properties: values, env })}`);
process.stderr.write('kit-error-output\n');
for (let line = 1; line <= (after('lines') ?? 0); line++) say(`kit-line ${line}`);
if (isMeant && values['kit.fail-at-start'] === 'true') {
  process.stderr.write('kit-failing: this app was told to fail\n');
  process.exit(Number(values['kit.exit-code'] ?? 1));
}
const chatterMs = after('chatter');
let said = 0;
if (chatterMs !== undefined) setInterval(() => say(`kit-chatter ${++said}`), chatterMs);
setTimeout(serve, after('start-delay') ?? 0);
