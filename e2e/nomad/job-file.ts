import { testSetting } from "@driver/testing";

/** Every test job has one task, and it has this name. */
export const taskName = "work";

/** A job of one shell script in the test image, without restarts. */
export interface JobWish {
  readonly name: string;
  /** Run by `sh -c`. */
  readonly script: string;
  /** Default batch. */
  readonly type?: "batch" | "service";
  /** Default 1. */
  readonly count?: number;
  /** Default 32. */
  readonly memoryMb?: number;
  /** As Nomad writes it, e.g. "3s". */
  readonly killTimeout?: string;
  readonly killSignal?: string;
  /** Default: the test image. */
  readonly image?: string;
  /** Further lines of the task's config. Default: none. */
  readonly config?: string;
}

/** The job as a file that Nomad reads. */
export function renderJobFile(job: JobWish): string {
  const attributes: readonly (readonly [string, string | undefined])[] = [
    ["kill_timeout", job.killTimeout],
    ["kill_signal", job.killSignal],
  ];
  return `job ${quote(job.name)} {
  type = ${quote(job.type ?? "batch")}

  group "only" {
    count = ${job.count ?? 1}

    restart {
      attempts = 0
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    task ${quote(taskName)} {
      driver = "podman"
${attributes.map(([key, value]) => (value === undefined ? "" : `      ${key} = ${quote(value)}\n`)).join("")}
      config {
        image        = ${quote(job.image ?? testSetting("TEST_IMAGE"))}
        network_mode = "none"
        command      = "sh"
        args         = ["-c", ${quote(job.script)}]
        ${job.config ?? ""}
      }

      resources {
        cpu    = 20
        memory = ${job.memoryMb ?? 32}
      }
    }
  }
}
`;
}

/** A text of HCL that stands for itself. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll("${", "$${").replaceAll("%{", "%%{");
}
