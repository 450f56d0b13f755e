//! A builder whose type says what is still missing.

use crate::{Error, Result};
use std::marker::PhantomData;

/// In the type of a [`ServerConfigBuilder`]: not set yet.
#[derive(Debug, Clone, Copy)]
pub struct Missing;

/// In the type of a [`ServerConfigBuilder`]: set.
#[derive(Debug, Clone, Copy)]
pub struct Present;

/// How to serve a model. Exists only when complete and checked.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `host` | required | not empty | name or address to listen on |
/// | `port` | required | `1..=65535` | port |
/// | `workers` | 1 | `>= 1` | threads that answer |
/// | `timeout_s` | 30 | `> 0` | seconds after which a request is given up |
///
/// ```
/// use mlnotes::engineering::construct::ServerConfig;
/// let config = ServerConfig::builder().port(8080).host("localhost").workers(4).build()?;
/// assert_eq!((config.host.as_str(), config.port, config.workers), ("localhost", 8080, 4));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// Without a port there is no `build` to call, and the compiler says so:
///
/// ```compile_fail,E0599
/// use mlnotes::engineering::construct::ServerConfig;
/// let config = ServerConfig::builder().host("localhost").build();
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Name or address to listen on.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Threads that answer.
    pub workers: usize,
    /// Seconds after which a request is given up.
    pub timeout_s: f64,
}

impl ServerConfig {
    /// A builder with neither host nor port.
    pub fn builder() -> ServerConfigBuilder<Missing, Missing> {
        let (host, port) = (String::new(), 0);
        let config = Self { host, port, workers: 1, timeout_s: 30.0 };
        ServerConfigBuilder { config, state: PhantomData }
    }
}

/// A [`ServerConfig`] in the making; `Host` and `Port` are [`Missing`] or [`Present`].
#[derive(Debug, Clone)]
#[must_use]
pub struct ServerConfigBuilder<Host, Port> {
    config: ServerConfig,
    state: PhantomData<(Host, Port)>,
}

impl<Host, Port> ServerConfigBuilder<Host, Port> {
    /// Sets the name or address to listen on.
    pub fn host(mut self, host: &str) -> ServerConfigBuilder<Present, Port> {
        host.clone_into(&mut self.config.host);
        ServerConfigBuilder { config: self.config, state: PhantomData }
    }

    /// Sets the port.
    pub fn port(mut self, port: u16) -> ServerConfigBuilder<Host, Present> {
        self.config.port = port;
        ServerConfigBuilder { config: self.config, state: PhantomData }
    }

    /// Sets the number of threads that answer.
    pub fn workers(mut self, workers: usize) -> Self {
        self.config.workers = workers;
        self
    }

    /// Sets the seconds after which a request is given up.
    pub fn timeout_s(mut self, timeout_s: f64) -> Self {
        self.config.timeout_s = timeout_s;
        self
    }
}

impl ServerConfigBuilder<Present, Present> {
    /// The configuration. Types say that all is set; values are checked here.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting outside its range.
    pub fn build(self) -> Result<ServerConfig> {
        let config = self.config;
        let wrong = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "ServerConfig", name, rule, got })
        };
        if config.host.trim().is_empty() {
            return wrong("host", "a name or an address", format!("{:?}", config.host));
        }
        if config.port == 0 {
            return wrong("port", "from 1 to 65535", "0".into());
        }
        if config.workers == 0 {
            return wrong("workers", ">= 1", "0".into());
        }
        if !(config.timeout_s > 0.0 && config.timeout_s.is_finite()) {
            return wrong("timeout_s", "> 0 and finite", config.timeout_s.to_string());
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_the_last_word_counts() {
        let one = ServerConfig::builder().host("a").port(1).timeout_s(2.0).build().unwrap();
        let other =
            ServerConfig::builder().timeout_s(2.0).port(9).host("b").port(1).host("a").build();
        assert_eq!(one, other.unwrap());
    }

    #[test]
    fn values_are_checked() {
        let full = || ServerConfig::builder().host("a").port(1);
        for (builder, setting) in [
            (full().host("  "), "host"),
            (full().port(0), "port"),
            (full().workers(0), "workers"),
            (full().timeout_s(0.0), "timeout_s"),
            (full().timeout_s(f64::NAN), "timeout_s"),
        ] {
            let error = builder.build().unwrap_err();
            assert!(matches!(error, Error::Parameter { name, .. } if name == setting), "{error}");
        }
    }
}
