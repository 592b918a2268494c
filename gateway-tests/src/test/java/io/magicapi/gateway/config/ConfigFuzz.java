package io.magicapi.gateway.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A configuration file is read, or refused with problems that have a place; nothing else happens. */
public final class ConfigFuzz {

    private ConfigFuzz() {}

    /** The input is the file, in UTF-8. */
    public static void fuzzerTestOneInput(byte[] input) {
        List<Problem> problems = new ArrayList<>();
        Optional<Located> tree =
                LocatedYaml.parse(new String(input, StandardCharsets.UTF_8), Place.file("gateway.yaml"), problems);
        Section.Reading reading = new Section.Reading(false);
        Map<String, Located> members =
                tree.orElse(null) instanceof Located.Mapping mapping ? mapping.members() : Map.of();
        ConfigReader.read(members, reading);
        problems.addAll(reading.problems());
        for (Problem problem : problems) {
            if (problem.message().isBlank() || !problem.code().startsWith("GW-C")) {
                throw new AssertionError("a problem that says nothing: " + problem);
            }
        }
    }
}
