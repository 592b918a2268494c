package io.magicapi.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigProblemsTest {

    @TempDir
    Path directory;

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            servr: { port: 1 }                          | GW-C03 gateway.yaml:1:1 unknown key "servr". Did you mean "server"?
            server: { prt: 1 }                          | GW-C03 gateway.yaml:1:11 unknown key "prt" in server. Did you mean "port"?
            server: { httpCleartext: true }             | GW-C03 gateway.yaml:1:11 unknown key "httpCleartext" in server. Did you mean "http2-cleartext"?
            plugins: { wach: true }                     | GW-C03 gateway.yaml:1:12 unknown key "wach" in plugins. Did you mean "watch"?
            plugins: { acme: { canray: 5% } }           | GW-C03 gateway.yaml:1:20 unknown key "canray" in plugins.acme. Did you mean "canary"?
            plugins: { acme: { canary: 5 } }            | GW-C06 gateway.yaml:1:28 plugins.acme.canary.share must be a percentage such as 5%, not "5"
            plugins: { acme: { canary: 0% } }           | GW-C06 gateway.yaml:1:28 plugins.acme.canary.share must be from 0.01% to 100%, not "0%"
            plugins: { acme: { pin: latest } }          | GW-C06 gateway.yaml:1:25 plugins.acme.pin must be a version such as 1.2.3, not "latest"
            routing: { fallback: groq }                 | GW-C03 gateway.yaml:1:12 unknown key "fallback" in routing. There is: default-provider
            providers: { groq: { baseUrl: "http://x" } } | GW-C03 gateway.yaml:1:22 unknown key "baseUrl" in providers.groq. Did you mean "base-url"?
            providers: { groq: { deadlines: { conect: 1s } } } | GW-C03 gateway.yaml:1:35 unknown key "conect" in providers.groq.deadlines. Did you mean "connect"?
            server: { port: 1, port: 2 }                | GW-C04 gateway.yaml:1:20 the key "port" is there already, in line 1
            server: 3000                                | GW-C05 gateway.yaml:1:9 server must hold keys, not a single value or list
            server: { port: [1] }                       | GW-C05 gateway.yaml:1:17 server.port must be a single value
            server: { cors: { origins: "http://a" } }   | GW-C05 gateway.yaml:1:28 server.cors.origins must be a list, such as [ … ]
            providers: [groq]                           | GW-C05 gateway.yaml:1:12 providers must hold keys, not a single value or list
            providers: { groq: { options: 1 } }         | GW-C05 gateway.yaml:1:31 providers.groq.options must hold keys, not a single value or list
            providers: { groq: { keys: [sesame] } }     | GW-C05 gateway.yaml:1:29 providers.groq.keys[0] must hold keys, such as "env: NAME"
            just words                                  | GW-C05 gateway.yaml:1:1 the file must hold keys, such as "server:"
            - server                                    | GW-C05 gateway.yaml:1:1 the file must hold keys, such as "server:"
            server: { port: 65536 }                     | GW-C06 gateway.yaml:1:17 server.port must be a whole number from 0 to 65535, not "65536"
            server: { port: 010 }                       | GW-C06 gateway.yaml:1:17 server.port must be a whole number from 0 to 65535, not "010"
            server: { port: 0x10 }                      | GW-C06 gateway.yaml:1:17 server.port must be a whole number from 0 to 65535, not "0x10"
            server: { port: 1_000 }                     | GW-C06 gateway.yaml:1:17 server.port must be a whole number from 0 to 65535, not "1_000"
            server: { host: "127.0.0.1/8" }             | GW-C06 gateway.yaml:1:17 server.host must be an address or host name without port, such as 127.0.0.1, not "127.0.0.1/8"
            server: { http2-cleartext: on }             | GW-C06 gateway.yaml:1:28 server.http2-cleartext must be true or false, not "on"
            server: { limits: { body: 32MB } }          | GW-C06 gateway.yaml:1:27 server.limits.body must be a size such as 32MiB, 16KiB or 4096, not "32MB"
            server: { limits: { body: 999999999GiB } }  | GW-C06 gateway.yaml:1:27 server.limits.body must be from 1KiB to 1GiB, not "999999999GiB"
            server: { limits: { body: 10 } }            | GW-C06 gateway.yaml:1:27 server.limits.body must be from 1KiB to 1GiB, not "10"
            server: { cors: { origins: [example.com] } } | GW-C06 gateway.yaml:1:29 server.cors.origins must hold origins without path, such as https://app.example.com, or "*", not "example.com"
            server: { cors: { headers: [a b] } }        | GW-C06 gateway.yaml:1:29 server.cors.headers must hold header names, or "*", not "a b"
            providers: { Groq: {} }                     | GW-C06 gateway.yaml:1:14 the provider name "Groq" must be lower-case letters, digits and dashes, beginning with a letter, 32 at most
            providers: { g: { base-url: api.x.com } }   | GW-C06 gateway.yaml:1:29 providers.g.base-url must be an http or https URL without query, such as https://api.example.com, not "api.x.com"
            providers: { g: { base-url: "http://localhost:3000/v1" } } | GW-C06 gateway.yaml:1:29 providers.g.base-url is this gateway's own address, http://localhost:3000/v1: requests would go round in circles. Name the provider's
            providers: { g: { base-url: "http://[::1]:3000" } } | GW-C06 gateway.yaml:1:29 providers.g.base-url is this gateway's own address, http://[::1]:3000: requests would go round in circles. Name the provider's
            models: { a: [groq/x] }                     | GW-C05 gateway.yaml:1:14 models.a must hold keys, not a single value or list
            models: { a: { route: groq/x } }            | GW-C05 gateway.yaml:1:23 models.a.route must be a list, such as [ … ]
            models: { a: { route: { groq/x: 80% } } }   | GW-C06 gateway.yaml:1:33 models.a.route must hold weights, whole numbers from 1 to 999999, not "80%"
            admin: { key: { value: sesame } }           | GW-C08 gateway.yaml:1:17 "value" in admin.key: a key is never written into the configuration. Write env: NAME or file: PATH instead
            providers: { g: { deadlines: { idle: 60 } } } | GW-C06 gateway.yaml:1:38 providers.g.deadlines.idle must be a number with a unit, such as 500ms, 60s, 5m or 1h, not "60"
            providers: { g: { deadlines: { idle: 0s } } } | GW-C06 gateway.yaml:1:38 providers.g.deadlines.idle must be from 1ms to 24h, not "0s"
            providers: { g: { keys: [{ env: A, weight: 0 }] } } | GW-C06 gateway.yaml:1:44 providers.g.keys[0].weight must be a whole number from 1 to 1000, not "0"
            providers: { g: { keys: [{ env: A }, { env: A }] } } | GW-C06 gateway.yaml:1:38 providers.g.keys[1] is the second key called "A". Give it another name
            log: { level: INFO }                        | GW-C06 gateway.yaml:1:15 log.level must be one of error, warn, info, debug, not "INFO"
            server: { host: 0.0.0.0 }                   | GW-C07 gateway.yaml:1:17 server.host is 0.0.0.0 but auth.open is false: anyone who reaches this port could spend your provider keys. Set auth.open: true if something in front does the checking, or let server.host be 127.0.0.1
            admin: { key: sesame }                      | GW-C05 gateway.yaml:1:15 admin.key must hold keys, not a single value or list
            admin: { key: { env: A, file: b } }         | GW-C08 gateway.yaml:1:10 admin.key must have either env: NAME or file: PATH, not both
            admin: { key: { env: sesame } }             | GW-C08 gateway.yaml:1:22 admin.key.env must be the name of a variable, in capitals, such as GROQ_API_KEY; the variable holds the key. (The value is not shown here, lest it is the key itself.)
            admin: { port: 3000 }                       | GW-C06 gateway.yaml:1:16 admin.port must be another one than server.port, 3000; 0 takes a free one
            admin: { host: 0.0.0.0 }                    | GW-C14 gateway.yaml:1:16 admin.host is 0.0.0.0: who reaches the admin API can change what code runs here, so it listens on loopback only. Let it be 127.0.0.1, and reach it from elsewhere through ssh -L
            providers: { g: { keys: [{ name: a }] } }   | GW-C08 gateway.yaml:1:26 providers.g.keys[0] must have either env: NAME or file: PATH, and has neither
            providers: { g: { keys: [{ env: A, file: b }] } } | GW-C08 gateway.yaml:1:26 providers.g.keys[0] must have either env: NAME or file: PATH, not both
            version: 2                                  | GW-C09 gateway.yaml:1:10 version must be 1, the only version of this format that this gateway reads
            catalogue: { refresh: 9s }                  | GW-C06 gateway.yaml:1:23 catalogue.refresh must be off, or from 10s to 24h, not "9s"
            plugins: { verify: always }                 | GW-C06 gateway.yaml:1:20 plugins.verify must be one of off, warn, require-hash, require-signature, not "always"
            plugins: { trusted-keys: [/no/where.pem] }  | GW-C12 gateway.yaml:1:27 plugins.trusted-keys names /no/where.pem, which does not exist. Correct the path
            plugins: { trusted-keys: [/] }              | GW-C12 gateway.yaml:1:27 plugins.trusted-keys names /, which is a directory. Name the files in it
            plugins: { trusted-keys: [pom.xml] }        | GW-C12 gateway.yaml:1:27 plugins.trusted-keys names pom.xml, which is no X.509 certificate. It takes what keytool -exportcert -rfc writes, or any other certificate in PEM
            plugins: { trusted-keys: [/dev/null] }      | GW-C12 gateway.yaml:1:27 plugins.trusted-keys names /dev/null, which is empty. It takes what keytool -exportcert -rfc writes, or any other certificate in PEM
            pricing: { file: /no/where.json }           | GW-C17 gateway.yaml:1:18 pricing.file names /no/where.json, which does not exist. Correct the path
            pricing: { file: pom.xml }                  | GW-C17 gateway.yaml:1:18 pricing.file names pom.xml, which is not JSON
            pricing: { file: / }                        | GW-C17 gateway.yaml:1:18 pricing.file names /, which is a directory. Name the file in it
            plugins: { verify: require-signature }      | GW-C12 gateway.yaml:1:20 plugins.verify is require-signature but plugins.trusted-keys names no usable certificate: every plugin would be refused. Name the certificates of those whose plugins you trust
            server: !env PORT                           | GW-C02 gateway.yaml:1:9 the tag !env has no meaning here
            """)
    @DisplayName("a mistake is told with its place, its reason and a way out")
    void problems(String yaml, String expected) {
        assertThat(new Configs(directory).file("gateway.yaml", yaml + "\n").problems())
                .contains(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "models: { a: { route: groq/x } }",
                "models: { a: { route: { groq/x: 80% } } }",
                "models: { a: { route: [groq] } }",
                "models: { a: {} }",
                "models: { a: [groq/x] }",
                "models: { a: groq/x }",
                "models: { a: [groq/x], b: { route: [a] } }",
            })
    @DisplayName("a route with one mistake has one problem")
    void oneMistake(String yaml) {
        assertThat(new Configs(directory).file("gateway.yaml", yaml + "\n").problems())
                .hasSize(1);
    }

    @Test
    @DisplayName("the place is that of the mistake, not of the section around it")
    void place() {
        String yaml = "version: 1\n\nproviders:\n  groq:\n    deadlines:\n      idel: 60s\n";

        assertThat(new Configs(directory).file("gateway.yaml", yaml).problems())
                .containsExactly("GW-C03 gateway.yaml:6:7 unknown key \"idel\" in providers.groq.deadlines. "
                        + "Did you mean \"idle\"?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "providers: { g: { keys: [gsk_CANARY0123456789] } }",
                "providers: { g: { keys: [{ env: gsk_CANARY0123456789 }] } }",
                "providers: { g: { keys: [{ env: A, name: 'gsk_CANARY0123456789 x' }] } }",
                "providers: { g: { keys: [{ value: gsk_CANARY0123456789 }] } }",
                "providers: { g: { keys: gsk_CANARY0123456789 } }",
                "providers: { g: { key: gsk_CANARY0123456789 } }",
                "providers: { g: { api-key: gsk_CANARY0123456789 } }",
                "providers: { g: { base-url: 'https://user:gsk_CANARY0123456789@x' } }",
                "providers: { g: { base-url: 'https://x/v1?key=gsk_CANARY0123456789' } }",
                "providers: { g: { keys: [{ env: gsk_CANARY0123456789 } }",
            })
    @DisplayName("a provider key written into the configuration is refused and not printed")
    void literalKeys(String yaml) {
        Configs configs = new Configs(directory).file("gateway.yaml", yaml + "\n");

        assertThat(configs.problems()).isNotEmpty().noneMatch(problem -> problem.contains("CANARY"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.8.9.10", "localhost", "::1", "'[::1]'"})
    @DisplayName("loopback needs no permission")
    void loopback(String host) {
        assertThat(new Configs(directory)
                        .file("gateway.yaml", "server: { host: \"" + host.replace("'", "") + "\" }\n")
                        .problems())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "10.0.0.1", "gateway.internal", "127.0.0.1.example.com", "2130706433"})
    @DisplayName("any other address needs auth.open, wherever it was set")
    void open(String host) {
        Configs configs = new Configs(directory).variable("HOST", host);

        assertThat(configs.problems()).singleElement().asString().startsWith("GW-C07 env HOST: server.host is " + host);
        assertThat(configs.variable("GATEWAY_AUTH_OPEN", "true").problems()).isEmpty();
    }

    @Test
    @DisplayName("anchors work; merge keys, recursion and alias bombs are refused")
    void aliases() {
        String anchors = "x-unused: &d { idle: 7s }\nproviders: { a: { deadlines: *d }, b: { deadlines: *d } }\n";
        assertThat(new Configs(directory).file("gateway.yaml", anchors).problems())
                .containsExactly(
                        "GW-C03 gateway.yaml:1:1 unknown key \"x-unused\". "
                                + "There is: version, server, admin, plugins, providers, models, catalogue, routing, auth, log, pricing, observability");

        String merge = "providers:\n  a: &a { deadlines: { idle: 7s } }\n  b:\n    <<: *a\n";
        assertThat(new Configs(directory).file("gateway.yaml", merge).problems())
                .containsExactly("GW-C02 gateway.yaml:4:5 merge keys (<<) are not supported; write the keys out");

        String recursion = "providers: { a: { options: &o { o: *o } } }\n";
        assertThat(new Configs(directory).file("gateway.yaml", recursion).problems())
                .containsExactly("GW-C02 gateway.yaml:1:28 an alias refers to the value that contains it");

        StringBuilder bomb = new StringBuilder("providers:\n  a:\n    options:\n      x0: &x0 [1, 1]\n");
        for (int i = 1; i <= 20; i++) {
            bomb.append("      x%d: &x%d [*x%d, *x%d]\n".formatted(i, i, i - 1, i - 1));
        }
        assertThat(new Configs(directory).file("gateway.yaml", bomb.toString()).problems())
                .containsExactly("GW-C02 gateway.yaml: holds more than 1000000 values");
    }
}
