package io.magicapi.gateway.cli;

import io.magicapi.gateway.Gateway;
import io.magicapi.gateway.Version;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.echo.EchoProvider;
import io.magicapi.gateway.plugins.KeyRing;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.ProviderGeneration;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import picocli.CommandLine.Help.Ansi;

/**
 * What the operator sees when the gateway is ready: the whole truth in at most 20 lines, or the same as one log event.
 *
 * @param version the gateway's version
 * @param url where clients reach the API
 * @param admin where operators reach the admin API, and where its key is
 * @param config which configuration files were used
 * @param pluginFolder the drop folder
 * @param watching whether changes in it take effect
 * @param loaded how many plugins serve
 * @param rejected how many were refused
 * @param transport the network transport
 * @param providers a line for each provider, then one for each refused plugin
 * @param ready how long the start took, from the start of the JVM
 */
record StartScreen(
        String version,
        String url,
        String admin,
        String config,
        Path pluginFolder,
        boolean watching,
        int loaded,
        int rejected,
        String transport,
        List<Row> providers,
        Duration ready) {

    /** Lines that a provider table may take, so that the screen keeps within 20. */
    private static final int MAX_ROWS = 7;

    private static final int MAX_STATE = 120;
    private static final String READY = "ready";
    private static final String CALLERS = " (callers may send their own)";

    /**
     * A line of the provider table.
     *
     * @param key its keys, masked, or the one that is missing
     */
    record Row(String provider, String version, String key, String state, Concern concern) {}

    /** What a line means to the operator. */
    enum Concern {
        /** Something is not as it was meant to be. */
        ATTENTION,
        /** It serves. */
        CALM,
        /** It is there, and nobody has set it up; of many such the names will do. */
        UNUSED
    }

    /** {@return the screen of a gateway that has just started} */
    static StartScreen of(Gateway gateway, LoadedConfig loaded, Surroundings surroundings) {
        GatewayConfig config = loaded.config();
        List<Row> rows = new ArrayList<>();
        gateway.providers().forEach(provider -> rows.add(row(provider, config)));
        int ready = 0;
        int rejected = 0;
        for (PluginStatus plugin : gateway.plugins()) {
            if (plugin.state().isUnused()) {
                rejected++;
                rows.add(new Row(
                        plugin.id(),
                        plugin.version().isEmpty() ? "-" : plugin.version(),
                        "-",
                        "REJECTED " + plugin.message().orElse(""),
                        Concern.ATTENTION));
            } else if (plugin.state() == PluginStatus.State.READY
                    && plugin.file().isPresent()) {
                ready++;
            }
        }
        return new StartScreen(
                Version.gateway(),
                "http://" + authority(config.server().host(), gateway.port()) + "/v1",
                gateway.admin()
                        .map(front -> front.url() + "/admin   key from " + front.keySource())
                        .orElse("off (admin.enabled)"),
                ConfigCommand.used(loaded, surroundings),
                surroundings.directory().resolve(config.plugins().dir()).normalize(),
                config.plugins().watch(),
                ready,
                rejected,
                gateway.transport(),
                rows,
                sinceStart());
    }

    /** {@return host and port as they stand in a URL} */
    static String authority(String host, int port) {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    private static Duration sinceStart() {
        Instant now = Instant.now();
        return Duration.between(ProcessHandle.current().info().startInstant().orElse(now), now);
    }

    private static Row row(ProviderGeneration provider, GatewayConfig config) {
        List<KeyRing.Entry> keys = provider.keys().entries();
        if (!keys.isEmpty()) {
            KeyRing.Entry first = keys.get(0);
            String more = keys.size() == 1 ? "" : " and " + (keys.size() - 1) + " more";
            String key = first.name() + " " + first.secret().hint() + more;
            return new Row(provider.name(), provider.pluginVersion(), key, READY, Concern.CALM);
        }
        boolean mentioned =
                provider.name().equals(EchoProvider.NAME) || config.providers().containsKey(provider.name());
        List<String> wanted = config.provider(provider.name()).keys().stream()
                .map(key -> key.env().or(() -> key.file().map(Path::toString)).orElse(key.name()))
                .toList();
        if (wanted.isEmpty()) {
            wanted = provider.keyVariable().stream().toList();
        }
        if (wanted.isEmpty()) {
            return new Row(
                    provider.name(),
                    provider.pluginVersion(),
                    "none needed",
                    READY,
                    mentioned ? Concern.CALM : Concern.UNUSED);
        }
        String callers = config.auth().passthrough() ? CALLERS : "";
        return new Row(
                provider.name(),
                provider.pluginVersion(),
                "not set: " + String.join(", ", wanted),
                "waits for a key" + callers,
                mentioned ? Concern.ATTENTION : Concern.UNUSED);
    }

    /** {@return the screen, line by line} */
    List<String> lines(boolean colours) {
        Ansi ansi = colours ? Ansi.ON : Ansi.OFF;
        List<String> lines = new ArrayList<>();
        lines.add(styled(ansi, "bold", "gateway " + version) + "   Java " + System.getProperty("java.version")
                + "   pid " + ProcessHandle.current().pid());
        lines.add("");
        lines.add("  API         " + styled(ansi, "bold", url));
        lines.add("  Admin       " + admin);
        lines.add("  Config      " + config);
        lines.add("  Plugins     " + pluginFolder + "  " + (watching ? "watching, " : "not watching, ") + loaded
                + " loaded" + (rejected == 0 ? "" : ", " + styled(ansi, "red", rejected + " rejected")));
        lines.add("  Transport   " + transport);
        lines.add("");
        lines.addAll(providerLines(ansi));
        lines.add("");
        lines.add("  Try    " + example());
        lines.add("  " + styled(ansi, "green", "ready") + " in " + seconds() + " s");
        return lines;
    }

    private List<String> providerLines(Ansi ansi) {
        if (providers.isEmpty()) {
            return List.of("  No providers. Drop a plugin jar into the plugins folder.");
        }
        boolean many = providers.size() > MAX_ROWS;
        List<String> unused = many ? unusedLines() : List.of();
        List<Row> shown = new ArrayList<>(providers);
        shown.removeIf(row -> many && row.concern() == Concern.UNUSED);
        int room = MAX_ROWS - unused.size();
        int left = shown.size() - room;
        if (left > 0) {
            // What needs attention is never the part that is left out.
            shown.sort(Comparator.comparing(Row::concern));
            shown.subList(room, shown.size()).clear();
        }
        Table table = new Table("PROVIDER", "VERSION", "KEY", "STATE");
        for (Row row : shown) {
            table.row(row.provider(), row.version(), row.key(), shortened(row.state()));
        }
        List<String> lines = new ArrayList<>();
        List<String> plain = table.lines();
        lines.add("  " + styled(ansi, "faint", plain.get(0)));
        for (int i = 1; i < plain.size(); i++) {
            Row row = shown.get(i - 1);
            String style = row.state().equals(READY) ? "" : row.state().startsWith("REJECTED") ? "red" : "yellow";
            lines.add("  " + styled(ansi, style, plain.get(i)));
        }
        if (left > 0) {
            lines.add("  … and " + left + " more, see: gateway plugins list");
        }
        lines.addAll(unused);
        return lines;
    }

    /** What nobody has set up, by name: a line for what waits for a key, and one for what needs none. */
    private List<String> unusedLines() {
        List<Row> unused = providers.stream()
                .filter(row -> row.concern() == Concern.UNUSED)
                .toList();
        List<String> waiting = new ArrayList<>();
        List<String> keyless = new ArrayList<>();
        unused.forEach(row -> (row.state().equals(READY) ? keyless : waiting).add(row.provider()));
        String callers = unused.stream().anyMatch(row -> row.state().endsWith(CALLERS)) ? CALLERS : "";
        List<String> lines = new ArrayList<>();
        if (!waiting.isEmpty()) {
            lines.add("  waiting for a key   " + names(waiting) + callers);
        }
        if (!keyless.isEmpty()) {
            lines.add("  no key needed       " + names(keyless));
        }
        return lines;
    }

    private static String names(List<String> all) {
        List<String> some = new ArrayList<>(all);
        while (String.join(", ", some).length() > MAX_STATE) {
            some.remove(some.size() - 1);
        }
        int left = all.size() - some.size();
        return String.join(", ", some) + (left == 0 ? "" : " and " + left + " more");
    }

    private static String shortened(String state) {
        return state.length() <= MAX_STATE ? state : state.substring(0, MAX_STATE) + "… see: gateway plugins list";
    }

    /** A command that can be pasted; the wildcard addresses are reached through loopback. */
    private String example() {
        String base = url.substring("http://".length())
                .replaceFirst("^0\\.0\\.0\\.0:", "127.0.0.1:")
                .replaceFirst("^\\[::]:", "[::1]:");
        boolean echo = providers.stream().anyMatch(row -> row.provider().equals("echo"));
        return echo
                ? "curl " + base + "/chat/completions -d "
                        + "'{\"model\":\"echo/hi\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}'"
                : "curl " + base + "/models";
    }

    private String seconds() {
        return String.format(Locale.ROOT, "%.2f", ready.toMillis() / 1000.0);
    }

    private static String styled(Ansi ansi, String style, String text) {
        // Not ansi.string("@|style text|@"): a message with markup in it would be taken for markup.
        if (!ansi.enabled() || style.isEmpty()) {
            return text;
        }
        String on = switch (style) {
            case "bold" -> "1";
            case "faint" -> "2";
            case "red" -> "31";
            case "green" -> "32";
            default -> "33";
        };
        return "\u001b[" + on + "m" + text + "\u001b[0m";
    }

    /** Writes the screen as one event. */
    void log(Logger log) {
        List<Map<String, Object>> table = providers.stream()
                .map(row -> {
                    Map<String, Object> entry = new LinkedHashMap<>();
                    entry.put("provider", row.provider());
                    entry.put("version", row.version());
                    entry.put("key", row.key());
                    entry.put("state", row.state());
                    return entry;
                })
                .collect(Collectors.toList());
        log.atInfo()
                .addKeyValue("version", version)
                .addKeyValue("java", System.getProperty("java.version"))
                .addKeyValue("pid", ProcessHandle.current().pid())
                .addKeyValue("api", url)
                .addKeyValue("admin", admin)
                .addKeyValue("config", config)
                .addKeyValue("plugins", pluginFolder.toString())
                .addKeyValue("watching", watching)
                .addKeyValue("loaded", loaded)
                .addKeyValue("rejected", rejected)
                .addKeyValue("transport", transport)
                .addKeyValue("providers", table)
                .addKeyValue("ready-ms", ready.toMillis())
                .log("ready");
    }
}
