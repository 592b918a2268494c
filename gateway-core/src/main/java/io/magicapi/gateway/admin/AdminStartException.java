package io.magicapi.gateway.admin;

import org.jspecify.annotations.Nullable;

/** Says why the admin API cannot be offered, and what the operator can do about it. */
public final class AdminStartException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final boolean ofAddress;

    private AdminStartException(String message, boolean ofAddress, @Nullable Throwable cause) {
        super(message, cause);
        this.ofAddress = ofAddress;
    }

    /** The address cannot be bound. */
    static AdminStartException address(String host, int port, Throwable cause) {
        String reason = String.valueOf(cause.getMessage());
        String why = reason.contains("in use")
                ? "port " + port + " on " + host + " is in use"
                : host + ":" + port + " cannot be bound (" + reason + ")";
        return new AdminStartException(
                "GW-S10 the admin API cannot listen: " + why
                        + ". Set admin.port to another one, or to 0 for any that is free (GATEWAY_ADMIN_PORT=0).",
                true,
                cause);
    }

    /** The key that the configuration names cannot be used. */
    static AdminStartException key(String problem) {
        return new AdminStartException("GW-S11 " + problem, false, null);
    }

    /** The file that tells the command line where the admin API is cannot be written. */
    static AdminStartException file(String problem, Throwable cause) {
        return new AdminStartException("GW-S12 " + problem, false, cause);
    }

    /** {@return whether the address is at fault, as against the key or the data folder} */
    public boolean isOfAddress() {
        return ofAddress;
    }
}
