package io.magicapi.gateway.routing;

import java.util.Optional;

/** What a route may go by besides the model. Looked at only where a route asks for it. */
public interface Traits {

    /** {@return the value of a request header; empty if there is none, or an empty one} */
    Optional<String> header(String name);

    /** {@return the text or number in a field at the top of a JSON body; empty if there is none} */
    Optional<String> field(String name);
}
