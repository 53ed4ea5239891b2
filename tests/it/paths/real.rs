//! How real servers read a path: nginx, Apache and PHP, started once, each asked over a bare socket.
//!
//! Used by the test beside it and by the fuzz target in `fuzz/`, so it knows nothing of membergate. What a server says comes back as
//! bytes, since a path need not be UTF-8.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One way in which a server has read a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Which server, and in which place.
    pub by: &'static str,
    /// The path, decoded or not, as the server has it.
    pub path: Vec<u8>,
    /// The same where the script that answers is not part of the path.
    pub without_script: Option<Vec<u8>>,
}

/// The servers, with the files `/members/index.php`, `/members/a`, `/public/a`, `/a`, `/index.php`; they end with this value.
pub struct Real {
    servers: Vec<Child>,
    folder: tempfile::TempDir,
    nginx: SocketAddr,
    nginx_unmerged: SocketAddr,
    apache: [(SocketAddr, &'static str); 4],
    php: SocketAddr,
}

impl Real {
    pub fn start() -> Real {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_path_buf();
        let root = place.join("site");
        for file in ["members/a", "public/a", "a"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("file:/{file}")).unwrap();
        }
        for file in ["index.php", "members/index.php"] {
            std::fs::write(root.join(file), PAGE).unwrap();
        }
        let [nginx, nginx_unmerged, php, off, on, kept, unmerged] = free_addresses();
        let apache = [
            (off, "AllowEncodedSlashes Off"),
            (on, "AllowEncodedSlashes On"),
            (kept, "AllowEncodedSlashes NoDecode"),
            (unmerged, "AllowEncodedSlashes On\nMergeSlashes Off"),
        ];
        let mut real = Real { servers: Vec::new(), folder, nginx, nginx_unmerged, apache, php };
        std::fs::write(place.join("nginx.conf"), nginx_file(&place, &root, nginx, nginx_unmerged)).unwrap();
        real.serve(Command::new("nginx").arg("-c").arg(place.join("nginx.conf")), nginx);
        std::fs::write(place.join("apache.conf"), apache_file(&place, &root, &apache)).unwrap();
        real.serve(Command::new("apache2").arg("-DFOREGROUND").arg("-f").arg(place.join("apache.conf")), off);
        real.serve(Command::new("php").arg("-n").arg("-S").arg(php.to_string()).arg("-t").arg(&root), php);
        real
    }

    fn serve(&mut self, command: &mut Command, address: SocketAddr) {
        let output = std::fs::File::create(self.folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        // Of its own group, so that a child of it ends with it.
        self.servers.push(command.process_group(0).spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "{command:?} does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every way in which one of the servers reads the path. A server that refuses it reads it in no way.
    pub fn read(&self, target: &str) -> Vec<Said> {
        let mut all = Vec::new();
        for (address, by, by_file) in [
            (self.nginx, "nginx", "nginx, the file"),
            (self.nginx_unmerged, "nginx without merge_slashes", "nginx without merge_slashes, the file"),
        ] {
            let answer = ask(address, target);
            if let (true, Some(uri)) = (answer.is_served(), answer.header("x-uri")) {
                let bare = uri.strip_prefix(b"<").and_then(|uri| uri.strip_suffix(b">")).unwrap_or(uri);
                all.push(Said { by, path: bare.to_vec(), without_script: None });
            }
            all.extend(answer.file().map(|path| Said { by: by_file, path, without_script: None }));
        }
        for (address, by) in self.apache {
            let answer = ask(address, target);
            if let (true, Some(uri)) = (answer.is_served(), answer.header("x-uri")) {
                all.push(Said { by, path: base64(uri), without_script: None });
            }
            if answer.header("x-location").is_some() {
                all.push(Said {
                    by: "Apache's <Location>",
                    path: b"/members".to_vec(),
                    without_script: None,
                });
            }
            all.extend(answer.file().map(|path| Said { by, path, without_script: None }));
        }
        let answer = ask(self.php, target);
        all.extend(answer.file().map(|path| Said { by: "php -S, the file", path, without_script: None }));
        let lines = answer.body.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"said:"));
        let lines: Vec<Vec<u8>> = lines.map(base64).collect();
        if let [script, target, parsed, decoded, folder] = lines.as_slice() {
            let folder = Some(folder.clone());
            all.push(Said {
                by: "PHP's SCRIPT_NAME and PATH_INFO",
                path: script.clone(),
                without_script: folder,
            });
            for (by, path) in [
                ("PHP's REQUEST_URI", target),
                ("PHP's parse_url", parsed),
                ("PHP's parse_url, decoded", decoded),
            ] {
                all.extend((!path.is_empty()).then(|| Said { by, path: path.clone(), without_script: None }));
            }
        }
        all
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", server.id())]).status();
            let _ = server.wait();
        }
    }
}

/// What PHP knows of the path: the script with what follows it, the target as sent, and what programs make of that.
const PAGE: &str = r#"<?php
[$script, $after] = [$_SERVER['SCRIPT_NAME'], $_SERVER['PATH_INFO'] ?? ''];
$target = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
$parsed = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$all = [$script . $after, $target, $parsed ?: '', $parsed ? rawurldecode($parsed) : '', rtrim(dirname($script), '/') . $after];
foreach ($all as $path) { echo 'said:', base64_encode($path), "\n"; }
"#;

fn nginx_file(place: &Path, root: &Path, address: SocketAddr, unmerged: SocketAddr) -> String {
    let (place, root) = (place.display(), root.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
        .collect();
    let server = |address, merge| {
        format!(
            "server {{ listen {address}; merge_slashes {merge}; root {root}; add_header X-Uri \"<$uri>\" always;\n\
             location /members {{ add_header X-Uri \"<$uri>\" always; add_header X-Location members always; }} }}\n"
        )
    };
    format!(
        "daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/nginx.log;\nevents {{}}\n\
         http {{ access_log off; {temporary}\n{}{} }}\n",
        server(address, "on"),
        server(unmerged, "off")
    )
}

fn apache_file(place: &Path, root: &Path, hosts: &[(SocketAddr, &str)]) -> String {
    let (place, root) = (place.display(), root.display());
    let modules: String = ["mpm_event", "authz_core", "headers"]
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let hosts: String = hosts
        .iter()
        .map(|(address, more)| {
            format!(
                "Listen {address}\n<VirtualHost {address}>\n{more}\nDocumentRoot {root}\n\
                 Header always set X-Uri \"expr=%{{base64:%{{REQUEST_URI}}}}\"\n\
                 <Location /members>\nHeader always set X-Location members\n</Location>\n</VirtualHost>\n"
            )
        })
        .collect();
    format!(
        "ServerRoot {place}\nPidFile {place}/apache.pid\nErrorLog {place}/apache.log\nServerName localhost\n\
         DefaultRuntimeDir {place}\nMutex pthread\n{modules}<Directory {root}>\nRequire all granted\n</Directory>\n{hosts}"
    )
}

struct Answer {
    status: u16,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Answer {
    /// A path that a server refuses leads nowhere; one for which it has no file was still read.
    fn is_served(&self) -> bool {
        (200..400).contains(&self.status) || self.status == 404
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.head.split(|byte| *byte == b'\n').find_map(|line| {
            let at = line.iter().position(|byte| *byte == b':')?;
            let (field, value) = (&line[..at], line[at + 1..].trim_ascii());
            (field.eq_ignore_ascii_case(name.as_bytes()) && self.is_served()).then_some(value)
        })
    }

    /// The static file that was served.
    fn file(&self) -> Option<Vec<u8>> {
        self.body.strip_prefix(b"file:").filter(|_| self.status == 200).map(<[u8]>::to_vec)
    }
}

/// One request by HTTP/1.0, so that the answer ends with the connection.
fn ask(address: SocketAddr, target: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(format!("GET {target} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
    let body = bytes.get(at + 4..).unwrap_or_default().to_vec();
    bytes.truncate(at);
    let status = bytes
        .split(|byte| *byte == b' ')
        .nth(1)
        .and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
    Answer { status: status.unwrap_or(0), head: bytes, body }
}

fn base64(text: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values: Vec<u32> = text
        .iter()
        .filter_map(|letter| LETTERS.iter().position(|known| known == letter))
        .map(|value| u32::try_from(value).unwrap())
        .collect();
    let mut out = Vec::new();
    for group in values.chunks(4) {
        let bits = group.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - group.len()));
        out.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    out
}

fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    std::array::from_fn(|at| held[at].local_addr().unwrap())
}

/// Whether the servers are there; a test says so and does not pass without them.
pub fn missing() -> Vec<&'static str> {
    let places = |name: &str| {
        ["/usr/sbin", "/usr/bin", "/usr/local/bin"].map(|folder| PathBuf::from(folder).join(name))
    };
    ["nginx", "apache2", "php"]
        .into_iter()
        .filter(|name| !places(name).iter().any(|place| place.exists()))
        .collect()
}
