package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * What the operator has set under {@code providers.<name>.options}.
 *
 * @param region where Bedrock is, if set
 * @param credentialsFile the file that holds the access key, if set
 * @param profile the section of that file
 * @param unmappedFields what becomes of fields that Converse does not know
 */
record Options(Optional<Region> region, Optional<Path> credentialsFile, String profile, UnmappedFields unmappedFields) {

    private static final List<String> NAMES = List.of("region", "credentials-file", "profile", "unmapped-fields");

    /** @throws IllegalArgumentException if an option is unknown, or has a value that is of no use */
    static Options of(String provider, JsonNode options) {
        for (Iterator<String> names = options.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException("providers." + provider + ".options has no \"" + name
                        + "\"; it may have: " + String.join(", ", NAMES));
            }
        }
        return new Options(
                text(provider, options, "region").map(Region::new),
                text(provider, options, "credentials-file").map(Path::of),
                text(provider, options, "profile").orElse("default"),
                text(provider, options, "unmapped-fields")
                        .map(word -> UnmappedFields.of(provider, word))
                        .orElse(UnmappedFields.DROP));
    }

    private static Optional<String> text(String provider, JsonNode options, String name) {
        JsonNode value = options.path(name);
        if (value.isMissingNode()) {
            return Optional.empty();
        }
        if (!value.isTextual() || value.textValue().isBlank()) {
            throw new IllegalArgumentException("providers." + provider + ".options." + name + " must be a text");
        }
        return Optional.of(value.textValue());
    }

    /**
     * {@return the access key of the credentials file, if one is named}
     *
     * @throws IllegalArgumentException if it cannot be read, has no such profile, or no access key in that
     */
    Optional<AccessKey> accessKey() {
        return credentialsFile.map(file -> CredentialsFile.read(file, profile));
    }
}
