package io.magicapi.gateway.bench;

/** What tables and columns are called, where several places must agree. */
final class Names {

    static final String PLAIN = "Plain requests, as many as can be";
    static final String MEDIUM = "Plain requests of 64 KB";
    static final String RATED = "Plain requests, 500 a second";
    static final String PACED = "Streams, 200 at once, an event every 10 ms";
    static final String FLOOD = "Streams, 32 at once, as fast as can be";
    static final String MEMORY = "Memory";
    static final String START = "Start, until the first request is served";
    static final String BODY = "Growth: size of the body";
    static final String PLUGINS = "Growth: plugins";
    static final String MODELS = "Growth: models of one's own";
    static final String SWAPS = "Plugin swaps, one a second, at 500 requests a second";
    static final String TRANSLATION = "Translated streams, 32 at once, as fast as can be";

    /** Parts of the run that failed, and why. */
    static final String LEFT_OUT = "Left out";

    static final String JMH = "Parts of the path, by JMH";

    static final String DIRECT = "direct";
    static final String NGINX = "nginx";
    static final String CADDY = "Caddy";
    static final String PORTKEY = "Portkey";
    static final String GATEWAY = "gateway";

    static final String CPU_REQUEST = "CPU µs/request";
    static final String CPU_EVENT = "CPU µs/event";
    static final String P99 = "p99 ms";
    static final String RSS = "RSS MiB";
    static final String SECONDS = "s";

    private Names() {}

    /** {@return what the bare proxy is called when it uses a transport of Vert.x} */
    static String floor(String transport) {
        return "bare Vert.x, " + transport;
    }
}
