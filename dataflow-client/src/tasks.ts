import type { Http } from './http.ts';
import type { CurrentTaskExecutions, Page, Platform, TaskDefinition, TaskExecution, Validation } from './resources.ts';

/** A task to be created. */
export interface TaskToCreate {
  readonly name: string;
  readonly definition: string;
  readonly description?: string | undefined;
}

/** Tasks: definitions and executions. */
export class Tasks {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** All definitions, children of composed tasks before their parent. */
  all(): Promise<readonly TaskDefinition[]> {
    return this.#http.all('/tasks/definitions', 'taskDefinitionResourceList');
  }

  get(name: string): Promise<TaskDefinition> {
    return this.#http.json('GET', `/tasks/definitions/${encodeURIComponent(name)}`);
  }

  create({ name, definition, description = '' }: TaskToCreate): Promise<TaskDefinition> {
    return this.#http.json('POST', '/tasks/definitions', { form: { name, definition, description } });
  }

  /** `cleanup` also removes the records of its executions. */
  async destroy(name: string, cleanup?: boolean): Promise<void> {
    await this.#http.json('DELETE', `/tasks/definitions/${encodeURIComponent(name)}`, { query: { cleanup } });
  }

  async destroyAll(): Promise<void> {
    await this.#http.json('DELETE', '/tasks/definitions');
  }

  validate(name: string): Promise<Validation> {
    return this.#http.json('GET', `/tasks/validation/${encodeURIComponent(name)}`);
  }

  platforms(): Promise<readonly Platform[]> {
    return this.#http.all('/tasks/platforms', 'launcherResourceList');
  }

  /** The newest executions first. */
  executions(name?: string): Promise<Page<TaskExecution>> {
    return this.#http.page('/tasks/executions', 'taskExecutionResourceList', { name });
  }

  execution(id: number): Promise<TaskExecution> {
    return this.#http.json('GET', `/tasks/executions/${id}`);
  }

  current(): Promise<readonly CurrentTaskExecutions[]> {
    return this.#http.json('GET', '/tasks/executions/current');
  }

  /** Resolves with the id of the execution. */
  async launch(name: string, properties = '', args = ''): Promise<number> {
    const form = { properties, arguments: args };
    const answer = await this.#http.json<{ executionId: number }>('POST', '/tasks/executions/launch', { query: { name }, form });
    return answer.executionId;
  }

  async stop(ids: string, platform?: string): Promise<void> {
    await this.#http.json('POST', `/tasks/executions/${ids}`, { form: { platform } });
  }

  async cleanUp(id: number): Promise<void> {
    await this.#http.json('DELETE', `/tasks/executions/${id}`, { query: { action: 'CLEANUP' } });
  }

  log(externalExecutionId: string, platformName = 'default'): Promise<string> {
    return this.#http.json('GET', `/tasks/logs/${encodeURIComponent(externalExecutionId)}`, { query: { platformName } });
  }
}
