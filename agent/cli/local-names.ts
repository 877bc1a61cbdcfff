/** The names of a queue that serves this machine alone. */

/** Provisioner and worker type of tasks that name none. */
export const localPool = "local/macosx";
export const workerGroup = "local";

/** The machine's name as the queue takes it for a worker id. */
export function workerIdOf(hostname: string): string {
  return hostname.replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(0, 38) || "worker";
}

/** Who asks for a task, for its metadata. */
export function ownerOf(env: Readonly<Record<string, string | undefined>>): string {
  return `${env["SUDO_USER"] || env["USER"] || "somebody"}@localhost`;
}
