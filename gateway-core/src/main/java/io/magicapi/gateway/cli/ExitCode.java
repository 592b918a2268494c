package io.magicapi.gateway.cli;

/** What the process ends with. A signal adds 130 (INT) and 143 (TERM), which the JVM sets. */
public final class ExitCode {

    /** All went well. */
    public static final int OK = 0;
    /** The gateway's own mistake. */
    public static final int INTERNAL = 1;
    /** The command line makes no sense. */
    public static final int USAGE = 2;
    /** The configuration, or a folder it names, cannot be used. */
    public static final int CONFIG = 3;
    /** The address cannot be bound. */
    public static final int BIND = 4;
    /** A plugin cannot be used. */
    public static final int PLUGIN = 5;

    /** Nobody answers at the other end. */
    public static final int NETWORK = 6;

    private ExitCode() {}
}
