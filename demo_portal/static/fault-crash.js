// Takes the renderer down. A page has no honest way to do that, so this asks V8 for an array longer than it can
// hold (2^27 elements): V8 ends the process with "invalid array length" instead of throwing. Costs 128 MB for a
// moment. Deep DOM trees (survive) and filling the heap (minutes, gigabytes) were tried first.
addEventListener("load", () => setTimeout(() => "a".repeat(2 ** 27 + 8).split(""), 0));
