// Loaded before anything of ours, which so finds itself on a Mac, with a Node that is copied and started as a Mac's.
Object.defineProperty(process, "platform", { value: "darwin" });
process.execPath = process.env.MAC_NODE;
delete process.env.MAC_NODE;
