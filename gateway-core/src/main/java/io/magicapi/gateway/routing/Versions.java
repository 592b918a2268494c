package io.magicapi.gateway.routing;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.magicapi.gateway.upstream.Leases;
import io.magicapi.gateway.upstream.Target;

/**
 * Finds the version of a provider for each attempt of one request: the one that serves, or the one that is tried beside
 * it.
 *
 * @param operation what is asked for
 * @param wanted which of the two
 * @param where what names the provider, for messages
 */
public record Versions(ProviderCatalog catalog, Operation operation, Wanted wanted, String where) implements Leases {

    /** Which version of a provider a request goes to while another one is tried beside it. */
    public enum Wanted {
        /** The one whose turn it is. */
        NEXT,
        /** The one that serves. */
        OLD,
        /** The one that is tried. */
        NEW
    }

    /** {@inheritDoc} A generation may retire between being chosen and being leased: then it is chosen anew. */
    @Override
    public Lease lease(Target target) {
        while (true) {
            ProviderSnapshot snapshot = catalog.snapshot();
            ProviderGeneration serving = ProviderChoice.require(snapshot, target.provider(), where, operation);
            ProviderGeneration version = switch (wanted) {
                case NEXT -> snapshot.next(serving);
                case NEW -> snapshot.newest(serving);
                case OLD -> serving;
            };
            Lease lease = (version.serves(operation) ? version : serving).lease();
            if (lease != null) {
                return lease;
            }
        }
    }
}
