package io.magicapi.gateway.plugins;

import io.magicapi.gateway.error.GatewayException;
import java.util.Set;

/** Ends the requests that still use a version of a plugin when its time is over. */
@FunctionalInterface
public interface Leftovers {

    /**
     * Ends what uses these generations, each request on its own event loop and as visibly as it can still be done.
     * Returns at once; leases come back when it is done.
     *
     * @param cause what clients are told
     */
    void end(Set<ProviderGeneration> generations, GatewayException cause);
}
