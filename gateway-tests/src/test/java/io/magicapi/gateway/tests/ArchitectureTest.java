package io.magicapi.gateway.tests;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.vertx.core.Future;

/** The arrows between packages, as docs/design.md draws them. */
@AnalyzeClasses(packages = "io.magicapi.gateway", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    private static final String ROOT = "io.magicapi.gateway.";

    @ArchTest
    static void theScanSawTheProject(JavaClasses scanned) {
        assertThat(scanned).as("classes found").hasSizeGreaterThan(100);
    }

    @ArchTest
    static final ArchRule theApiStandsAlone = classes()
            .that()
            .resideInAPackage(ROOT + "api..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(ROOT + "api..", "java..", "org.pf4j..", "com.fasterxml.jackson..", "org.jspecify..");

    @ArchTest
    static final ArchRule pluginsNeedOnlyTheApi = classes()
            .that()
            .resideInAPackage(ROOT + "provider..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    ROOT + "provider..",
                    ROOT + "api..",
                    "java..",
                    "org.pf4j..",
                    "org.slf4j..",
                    "bedrock.shaded..", // travels in the plugin's own jar
                    "com.fasterxml.jackson..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule onlyPluginsKnowsPf4j = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT + "plugins..", ROOT + "api..", ROOT + "provider..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.pf4j..");

    @ArchTest
    static final ArchRule onlyObserveKnowsMetersAndSpans = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + "observe..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", "io.prometheus..", "io.opentelemetry..");

    @ArchTest
    static final ArchRule onlyUpstreamMakesRequests = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT + "upstream..", ROOT + "testkit..")
            .and()
            .doNotHaveFullyQualifiedName(ROOT + "cli.AdminClient") // another process, which asks a running gateway
            .should()
            .dependOnClassesThat()
            .haveNameMatching(
                    "io\\.vertx\\.core\\.http\\.HttpClient.*|java\\.net\\.http\\..*|java\\.net\\.(URLConnection|HttpURLConnection)");

    @ArchTest
    static final ArchRule requestsWalkDownTheStairs = noClasses()
            .that()
            .resideInAnyPackage(
                    ROOT + "upstream..",
                    ROOT + "routing..",
                    ROOT + "plugins..",
                    ROOT + "observe..",
                    ROOT + "config..",
                    ROOT + "error..",
                    ROOT + "echo..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT + "http..", ROOT + "cli..");

    @ArchTest
    static final ArchRule clientsDoNotReachTheAdminApi = noClasses()
            .that(not(resideInAnyPackage(ROOT + "admin..", ROOT + "cli..", "io.magicapi.gateway")))
            .should()
            .dependOnClassesThat()
            .resideInAPackage(ROOT + "admin..");

    @ArchTest
    static final ArchRule theAdminApiKnowsNothingOfRequests = noClasses()
            .that()
            .resideInAPackage(ROOT + "admin..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    ROOT + "http..", ROOT + "routing..", ROOT + "upstream..", ROOT + "cli..", ROOT + "echo..");

    @ArchTest
    static final ArchRule noStepCallsBackUp = noClasses()
            .that()
            .resideInAnyPackage(ROOT + "plugins..", ROOT + "upstream..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT + "routing..", ROOT + "http..");

    @ArchTest
    static final ArchRule packagesFormNoCycle =
            slices().matching(ROOT + "(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule nothingSleepsOrBlocks = noClasses()
            .that(not(resideInAnyPackage(ROOT + "plugins..", ROOT + "cli..", ROOT + "testkit..")))
            .should()
            .callMethod(Thread.class, "sleep", long.class)
            .orShould()
            .callMethod(java.util.concurrent.CompletableFuture.class, "join")
            .orShould()
            .callMethod(java.util.concurrent.CompletableFuture.class, "get")
            .orShould()
            .callMethod(Future.class, "await");

    @ArchTest
    static final ArchRule futuresArePlainVerbs =
            methods().that().haveRawReturnType(Future.class).should().haveNameNotEndingWith("Async");
}
