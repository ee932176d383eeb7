import { dslCodes, dslMessage, validationError, type DslCodeName, type DslProblem } from '../errors.ts';
import type { LabelNode } from '../lexing/arguments.ts';
import { isEnding, type FlowNode, type TaskAppNode, type TaskNode, type TransitionNode } from './ast.ts';

/** Checks the rules on labels and names. Throws one `DslError` that carries every problem found. */
export function validateTask(node: TaskNode): void {
  const [first, ...others] = new Validation().problemsOf(node);
  if (first !== undefined) throw validationError(node.text, [first, ...others]);
}

class Validation {
  readonly #problems: DslProblem[] = [];
  readonly #labels = new Set<string>();
  // Names of apps without label: apps and labels share one space of names.
  readonly #names = new Set<string>();
  readonly #references: { readonly label: string; readonly position: number }[] = [];

  problemsOf(node: TaskNode): readonly DslProblem[] {
    for (const [index, sequence] of node.sequences.entries()) this.#visitSequence(sequence, index);
    for (const { label, position } of this.#references) {
      if (!this.#labels.has(label)) this.#report('TASK_VALIDATION_TRANSITION_TARGET_LABEL_UNDEFINED', position, label);
    }
    return this.#problems;
  }

  #visitSequence(sequence: FlowNode, index: number): void {
    if (index > 0 && sequence.elements[0]!.label === undefined) {
      this.#report('TASK_VALIDATION_SECONDARY_SEQUENCES_MUST_BE_NAMED', sequence.start);
    }
    this.#visitFlow(sequence);
  }

  #visitFlow(flow: FlowNode): void {
    for (const element of flow.elements) {
      if (element.kind === 'app') this.#visitApp(element);
      else {
        if (element.label !== undefined) this.#define(element.label);
        element.branches.forEach((branch) => this.#visitFlow(branch));
      }
    }
  }

  #visitApp(app: TaskAppNode): void {
    this.#claimName(app);
    app.transitions.forEach((transition) => this.#visitTransition(transition));
  }

  #visitTransition({ target, start }: TransitionNode): void {
    if (target.kind === 'label') this.#references.push({ label: target.label, position: start });
    else this.#claimName(target.app);
  }

  #claimName(app: TaskAppNode): void {
    const { label, name, start } = app;
    if (label !== undefined) {
      this.#define(label);
      if (this.#names.has(label.name)) {
        this.#report('TASK_VALIDATION_LABEL_CLASHES_WITH_TASKAPP_NAME', label.start, label.name);
      }
      return;
    }
    if (this.#labels.has(name)) this.#report('TASK_VALIDATION_APP_NAME_CLASHES_WITH_LABEL', start, name);
    if (this.#names.has(name) && !isEnding(app)) this.#report('TASK_VALIDATION_APP_NAME_ALREADY_IN_USE', start, name);
    this.#names.add(name);
  }

  #define(label: LabelNode): void {
    if (this.#labels.has(label.name)) this.#report('TASK_VALIDATION_DUPLICATE_LABEL', label.start, label.name);
    this.#labels.add(label.name);
  }

  #report(codeName: DslCodeName, position: number, found?: string): void {
    const message = dslMessage(codeName, found === undefined ? {} : { found });
    this.#problems.push(Object.freeze({ dslCode: dslCodes[codeName], codeName, position, message }));
  }
}
