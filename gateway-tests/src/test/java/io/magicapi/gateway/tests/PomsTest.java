package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Three poms that cannot inherit from one another and must agree. */
@DisplayName("Plugins are built as the gateway is")
class PomsTest {

    private static final XPath XPATH = XPathFactory.newInstance().newXPath();

    private final Document root = pom("../pom.xml");
    private final Document pluginParent = pom("../gateway-plugin-parent/pom.xml");
    private final Document ownPlugins = pom("../own-plugins/pom.xml");

    @Test
    @DisplayName("the parent of plugins has the gateway's version, and names its API")
    void version() {
        String version = text(root, "/project/version");

        assertThat(text(pluginParent, "/project/version")).isEqualTo(version);
        assertThat(text(pluginParent, "//properties/gateway.version")).isEqualTo(version);
        assertThat(text(pluginParent, "//properties/plugin.requires"))
                .startsWith(">=" + text(root, "//properties/gateway.api.version") + " ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"maven.compiler.release", "project.build.outputTimestamp", "project.build.sourceEncoding"})
    @DisplayName("the parent of plugins has the gateway's settings")
    void properties(String name) {
        assertThat(text(pluginParent, "//properties/" + name))
                .isNotEmpty()
                .isEqualTo(text(root, "//properties/" + name));
    }

    @Test
    @DisplayName("Maven's plugins have the same versions")
    void mavenPlugins() {
        Map<String, String> ours = pluginVersions(root);
        Map<String, String> theirs = pluginVersions(pluginParent);
        theirs.keySet().retainAll(ours.keySet());

        assertThat(theirs).hasSizeGreaterThan(7);
        assertThat(ours).containsAllEntriesOf(theirs);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//plugin[artifactId='maven-compiler-plugin']/configuration/compilerArgs",
                "//plugin[artifactId='maven-compiler-plugin']/configuration/annotationProcessorPaths",
                "//plugin[artifactId='spotless-maven-plugin']/configuration",
                "//plugin[artifactId='spotless-maven-plugin']/executions",
                "//profile[id='quick']",
                "//properties/argLine",
                "//properties/pf4j.version",
                "//properties/errorprone.version",
                "//properties/nullaway.version",
                "//properties/palantir-java-format.version"
            })
    @DisplayName("our own plugins have the format and the static analysis of the rest")
    void ownPlugins(String part) {
        assertThat(text(ownPlugins, part)).isNotEmpty().isEqualTo(text(root, part));
    }

    private static Map<String, String> pluginVersions(Document pom) {
        Map<String, String> versions = new TreeMap<>();
        NodeList plugins = nodes(pom, "/project/build/pluginManagement/plugins/plugin");
        for (int i = 0; i < plugins.getLength(); i++) {
            versions.put(text(plugins.item(i), "artifactId"), text(plugins.item(i), "version"));
        }
        return versions;
    }

    private static Document pom(String file) {
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(Path.of(file).toFile());
        } catch (Exception e) {
            throw new AssertionError(file, e);
        }
    }

    private static NodeList nodes(Node from, String path) {
        try {
            return (NodeList) XPATH.evaluate(path, from, XPathConstants.NODESET);
        } catch (XPathExpressionException e) {
            throw new IllegalArgumentException(path, e);
        }
    }

    /** {@return what stands there first, with white space as single blanks; empty if there is nothing} */
    private static String text(Node from, String path) {
        NodeList found = nodes(from, path);
        return found.getLength() == 0
                ? ""
                : found.item(0).getTextContent().strip().replaceAll("\\s+", " ");
    }
}
