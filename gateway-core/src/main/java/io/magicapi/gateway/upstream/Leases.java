package io.magicapi.gateway.upstream;

import io.magicapi.gateway.plugins.Lease;

/** Finds the version of a provider that an attempt is to use. */
@FunctionalInterface
public interface Leases {

    /**
     * {@return a lease on the provider of a target, never null}
     *
     * @throws io.magicapi.gateway.error.GatewayException if it cannot serve now
     */
    Lease lease(Target target);
}
