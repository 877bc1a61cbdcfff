/** The installer package of a release for a Mac: a product archive with one component, as MDM servers ask for. */
import { type Layout, layoutOf, packageId } from "../layout.ts";
import { escapeXml } from "../property-list.ts";
import { renderBom } from "./bom.ts";
import { renderCpio } from "./cpio.ts";
import { type Entry, withDirectories } from "./entry.ts";
import { gzip } from "./gzip.ts";
import { renderPostinstall, renderPreinstall } from "./scripts.ts";
import { renderXar } from "./xar.ts";

/** What Node 26 asks for. */
const oldestMacOS = "13.5";
/** In seconds: an upgrade waits for the tasks that run, a day at most by default, and a little more. */
const scriptTimeout = 90_000;

/** Of a release's platform, as the installer names it. */
const architectures = { "darwin-arm64": "arm64", "darwin-x64": "x86_64" } as const;
export type MacPlatform = keyof typeof architectures;

export function isMacPlatform(platform: string): platform is MacPlatform {
  return Object.hasOwn(architectures, platform);
}

function kilobytes(entries: readonly Entry[]): number {
  return Math.ceil(entries.reduce((sum, { content }) => sum + (content?.length ?? 0), 0) / 1024);
}

function packageInfo(version: string, entries: readonly Entry[], layout: Layout): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<pkg-info format-version="2" identifier="${packageId}" version="${escapeXml(version)}" install-location="${escapeXml(layout.package)}" auth="root" overwrite-permissions="true" relocatable="false" postinstall-action="none">
    <payload numberOfFiles="${entries.length}" installKBytes="${kilobytes(entries)}"/>
    <scripts>
        <preinstall file="./preinstall" timeout="600"/>
        <postinstall file="./postinstall" timeout="${scriptTimeout}"/>
    </scripts>
</pkg-info>
`;
}

function distribution(version: string, platform: MacPlatform, entries: readonly Entry[]): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
    <title>taskcluster-worker ${escapeXml(version)}</title>
    <product id="${packageId}" version="${escapeXml(version)}"/>
    <options customize="never" require-scripts="true" rootVolumeOnly="true" hostArchitectures="${architectures[platform]}"/>
    <domains enable_anywhere="false" enable_currentUserHome="false" enable_localSystem="true"/>
    <volume-check>
        <allowed-os-versions>
            <os-version min="${oldestMacOS}"/>
        </allowed-os-versions>
    </volume-check>
    <choices-outline>
        <line choice="worker"/>
    </choices-outline>
    <choice id="worker" visible="false" title="taskcluster-worker">
        <pkg-ref id="${packageId}"/>
    </choice>
    <pkg-ref id="${packageId}" version="${escapeXml(version)}" auth="root" installKBytes="${kilobytes(entries)}">#worker.pkg</pkg-ref>
</installer-gui-script>
`;
}

/** `mtime`, in seconds since 1970, is every time that is in it: the same release makes the same bytes. */
export function renderPkg(
  release: { readonly version: string; readonly platform: MacPlatform; readonly entries: readonly Entry[] },
  mtime: number,
  layout = layoutOf(),
): Buffer {
  const { version, platform, entries } = release;
  const scripts = withDirectories([
    { path: "postinstall", mode: 0o755, content: Buffer.from(renderPostinstall(layout)) },
    { path: "preinstall", mode: 0o755, content: Buffer.from(renderPreinstall(layout)) },
  ]);
  const component = [
    { name: "Bom", content: renderBom(entries, mtime) },
    { name: "PackageInfo", content: Buffer.from(packageInfo(version, entries, layout)) },
    { name: "Payload", content: gzip(renderCpio(entries, mtime)) },
    { name: "Scripts", content: gzip(renderCpio(scripts, mtime)) },
  ];
  const product = { name: "Distribution", content: Buffer.from(distribution(version, platform, entries)) };
  return renderXar([product, { name: "worker.pkg", content: component }], mtime);
}
