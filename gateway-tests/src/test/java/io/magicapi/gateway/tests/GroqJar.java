package io.magicapi.gateway.tests;

import io.magicapi.gateway.testkit.GatewayExtension;
import java.nio.file.Path;

/** Our Groq plugin as the build made it. */
final class GroqJar {

    /** The jar; the build copies it here before the tests run. */
    static final Path PATH = Path.of("target/plugin-jars/groq.jar");

    private GroqJar() {}

    /** {@return a gateway that has the Groq plugin, pointed at the fake upstream} */
    static GatewayExtension gateway() {
        return new GatewayExtension().plugin(PATH).provider("groq", "/openai");
    }
}
