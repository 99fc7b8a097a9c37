import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { DriverRig, type RiggedTask, type TaskWishes } from "@driver/testing";
import type { Bed } from "./bed.ts";
import { destroyTasks } from "./bed-tasks.ts";

/** What the driver asks Podman to create for one kind of task, so that Podman alone can be asked for the very same. */
export class RecordedSpec {
  readonly #text: string;
  readonly #task: RiggedTask;

  private constructor(text: string, task: RiggedTask) {
    this.#text = text;
    this.#task = task;
  }

  /** Starts one such task through a socket that listens in. */
  static async record(bed: Bed, wishes: TaskWishes): Promise<RecordedSpec> {
    const socketPath = join(bed.scratch, "recorder.sock");
    const bodies: string[] = [];
    const server = createServer((incoming, outgoing) => forward({ incoming, outgoing, socketPath: bed.podman.socketPath, bodies }));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    try {
      await using rig = await DriverRig.start({ pluginConfig: { socket_path: `unix://${socketPath}` } });
      const task = await rig.prepare(wishes);
      await rig.startTask(task);
      await destroyTasks(rig, [task]);
      const [text] = bodies;
      if (text === undefined) throw new Error("the driver created no container while its calls were recorded");
      return new RecordedSpec(text, task);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  /** The create call for another task of the same kind; its folders must exist. */
  specFor(task: RiggedTask): string {
    const recorded = this.#task.config;
    return this.#text
      .replaceAll(recorded.id, task.config.id)
      .replaceAll(recorded.allocDir, task.config.allocDir)
      .replaceAll(recorded.allocId, task.config.allocId);
  }
}

interface Forwarded {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly socketPath: string;
  /** Bodies of create calls are added here. */
  readonly bodies: string[];
}

function forward({ incoming, outgoing, socketPath, bodies }: Forwarded): void {
  const { method, url, headers } = incoming;
  const passed = request({ socketPath, method, path: url, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on("error", () => outgoing.destroy());
  outgoing.on("close", () => passed.destroy());
  if (method === "POST" && url?.endsWith("/containers/create") === true) {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.once("end", () => bodies.push(Buffer.concat(chunks).toString()));
  }
  incoming.pipe(passed);
}
