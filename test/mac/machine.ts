import { join } from "node:path";

/** The programs of macOS that probes call as root, by path. The Linux test of this suite has stand-ins for them. */
export const mac = {
  dscl: "/usr/bin/dscl",
  launchctl: "/bin/launchctl",
  codesign: "/usr/bin/codesign",
  hdiutil: "/usr/bin/hdiutil",
  mount: "/sbin/mount",
  umount: "/sbin/umount",
  plutil: "/usr/bin/plutil",
  sw_vers: "/usr/bin/sw_vers",
  vm_stat: "/usr/bin/vm_stat",
  csrutil: "/usr/bin/csrutil",
  installer: "/usr/sbin/installer",
  lsbom: "/usr/bin/lsbom",
  pkgutil: "/usr/sbin/pkgutil",
  /** Whose owner is whoever is logged in at the screen. */
  console: "/dev/console",
  /** Ours: it installs, and takes the installation back. */
  launcher: join(import.meta.dirname, "../../taskcluster-worker"),
  /** Of root alone, where no installation comes. */
  scratch: "/private/var/root",
  /** Where an installation goes. */
  root: "/",
} as const;

export type Machine = { readonly [Name in keyof typeof mac]: string };

export function isMachine(value: unknown): value is Machine {
  if (typeof value !== "object" || value === null) return false;
  const paths: Readonly<Record<string, unknown>> = { ...value };
  return Object.keys(mac).every((name) => typeof paths[name] === "string");
}
