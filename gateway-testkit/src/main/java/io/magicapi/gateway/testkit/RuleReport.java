package io.magicapi.gateway.testkit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** Tells whoever broke a rule which one it is, and where it is explained. */
final class RuleReport implements TestExecutionExceptionHandler {

    private static final String DOCUMENT = "docs/provider-contract.md";

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        if (thrown instanceof TestAbortedException) {
            throw thrown;
        }
        String rule = context.getDisplayName();
        String number = rule.substring(0, Math.max(0, rule.indexOf(':')));
        String what = thrown instanceof AssertionError && thrown.getMessage() != null
                ? thrown.getMessage()
                : thrown.toString();
        throw new AssertionError(
                rule + "\nThis rule is broken; " + DOCUMENT + " explains it under " + number + ".\n" + what, thrown);
    }
}
