//! A tab of a headless Chromium, over the DevTools protocol: one JSON text after another through a pipe,
//! each with a NUL byte behind it.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// Chromium reads from descriptor 3 and writes to descriptor 4. `timeout` ends a browser that hangs.
const START: &str = "exec timeout 300 chromium --headless --no-sandbox --disable-gpu --no-first-run \
                     --user-data-dir=\"$0\" --remote-debugging-pipe 3<&0 4>&1 1>&2";

pub(crate) struct Tab {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    profile: PathBuf,
    session: Option<String>,
    last_id: u64,
    /// The events since the page was opened.
    events: Vec<Value>,
}

impl Tab {
    /// Starts a browser for the test of this name.
    pub(crate) fn new(test: &str) -> Self {
        let profile = format!("forwarded-headers-{}-{test}", std::process::id());
        let profile = std::env::temp_dir().join(profile);
        let mut process = Command::new("sh")
            .arg("-c")
            .arg(START)
            .arg(&profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let from = BufReader::new(from);
        let (session, events) = (None, vec![]);
        let mut tab = Self { process, to, from, profile, session, last_id: 0, events };
        let target = tab.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = tab.call("Target.attachToTarget", &attach);
        tab.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page.enable", "Network.enable", "Runtime.enable", "Log.enable"] {
            tab.call(domain, &json!({}));
        }
        tab
    }

    /// Reads the next message.
    fn read(&mut self) -> Value {
        let mut text = vec![];
        self.from.read_until(0, &mut text).unwrap();
        assert_eq!(text.pop(), Some(0), "no answer from chromium: apt-get install chromium");
        serde_json::from_slice(&text).unwrap()
    }

    /// Calls a method of the protocol, and keeps the events before its answer.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        // A browser that did not start has closed the pipe. The next read fails.
        let _ = self.to.write_all(format!("{message}\0").as_bytes());
        loop {
            let message = self.read();
            if message["id"] == json!(self.last_id) {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// Sets the width of the window, and `light` or `dark`.
    pub(crate) fn resize(&mut self, width: u32, scheme: &str) {
        let metrics =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Opens a page with these headers, and waits until it is loaded.
    pub(crate) fn open(&mut self, url: &str, headers: &[(&str, &str)]) {
        let headers: serde_json::Map<_, _> =
            headers.iter().map(|(name, value)| ((*name).into(), json!(value))).collect();
        self.call("Network.setExtraHTTPHeaders", &json!({ "headers": headers }));
        self.events.clear();
        let opened = self.call("Page.navigate", &json!({ "url": url }));
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        while !self.has_event("Page.loadEventFired") {
            let event = self.read();
            let is_dialog = event["method"] == "Page.javascriptDialogOpening";
            self.events.push(event);
            if is_dialog {
                self.call("Page.handleJavaScriptDialog", &json!({ "accept": true }));
            }
        }
    }

    /// Returns whether an event came since the page was opened.
    pub(crate) fn has_event(&self, method: &str) -> bool {
        self.events.iter().any(|event| event["method"] == method)
    }

    /// Evaluates an expression in the page, and waits for a promise.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", &params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
