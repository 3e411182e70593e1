/// Python text that grows line by line and knows how deep it is indented.
#[derive(Debug, Default)]
pub(super) struct Script {
    text: String,
    depth: usize,
}

impl Script {
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("    ", self.depth));
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Lines that are indented among themselves, the last one without its end.
    pub(super) fn lines(&mut self, lines: &str) {
        for line in lines.lines() {
            self.line(line);
        }
    }

    /// The two empty lines around what stands at the top.
    pub(super) fn gap(&mut self) {
        self.text.push_str("\n\n");
    }

    /// A line that ends in a colon, and what belongs to it.
    pub(super) fn block(&mut self, head: impl AsRef<str>, body: impl FnOnce(&mut Self)) {
        self.line(head);
        self.depth += 1;
        body(self);
        self.depth -= 1;
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}
