import type { TaskEvent } from "@driver/nomad-plugin";

/** Events a consumer has not taken yet; beyond this the oldest are dropped, so that a slow one delays nobody. */
const queueLimit = 256;

/** Hands each event to every consumer there is at that moment; without one it is lost, as with Nomad's own drivers. */
export class EventBus {
  readonly #consumers = new Set<Consumer>();

  emit(event: TaskEvent): void {
    for (const consumer of this.#consumers) consumer.push(event);
  }

  /** Ends quietly when the signal fires. */
  async *follow(signal: AbortSignal): AsyncGenerator<TaskEvent> {
    const consumer = new Consumer();
    this.#consumers.add(consumer);
    const stop = (): void => consumer.end();
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (signal.aborted) return;
      for (let event = await consumer.next(); event !== undefined; event = await consumer.next()) yield event;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#consumers.delete(consumer);
    }
  }
}

class Consumer {
  readonly #queue: TaskEvent[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  push(event: TaskEvent): void {
    this.#queue.push(event);
    if (this.#queue.length > queueLimit) this.#queue.shift();
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<TaskEvent | undefined> {
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#ended ? undefined : this.#queue.shift();
  }
}
