#!/usr/bin/env bash
# Maven org.springframework:spring-context 7.0.10: "the weekday nearest to the
# 31st" has no run in a month whose 31st is a Sunday.
#
# `31W` moves a Saturday back to Friday. From Sunday the nearest weekday is
# Monday, which is in the next month, so the run belongs on Friday (Quartz 2.5.2
# has it there). Spring finds no day and goes on to the next month with a 31st.
# A month-end run so works for years and is left out now and then, with no error.
#
# Why it matters for a durable engine: a schedule's next run must be compared
# with what a calendar says for every month of many years, not for a few dates;
# and a planned run that was not made must be visible.
#
# Needs java 17 and mvn.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>try</groupId><artifactId>try</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.springframework</groupId><artifactId>spring-context</artifactId><version>7.0.10</version>
    </dependency>
    <dependency>
      <groupId>org.quartz-scheduler</groupId><artifactId>quartz</artifactId><version>2.5.2</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -q dependency:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 || { cat mvn.log; exit 2; }

cat >Try.java <<'JAVA'
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Date;
import java.util.TimeZone;
import java.util.TreeSet;

public class Try {
    static final ZonedDateTime START = ZonedDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    public static void main(String[] arguments) throws Exception {
        var spring = new TreeSet<String>();
        var pattern = org.springframework.scheduling.support.CronExpression.parse("0 0 9 31W * *");
        for (var run = pattern.next(START); run.getYear() < 2030; run = pattern.next(run)) {
            spring.add(run.toLocalDate().toString());
        }
        var quartz = new TreeSet<String>();
        var other = new org.quartz.CronExpression("0 0 9 31W * ?");
        other.setTimeZone(TimeZone.getTimeZone("UTC"));
        var at = Date.from(START.toInstant());
        while ((at = other.getNextValidTimeAfter(at)).toInstant().atZone(ZoneOffset.UTC).getYear() < 2030) {
            quartz.add(at.toInstant().toString().substring(0, 10));
        }
        System.out.println("2026 to 2029: spring " + spring.size() + " runs, quartz " + quartz.size());
        quartz.removeAll(spring);
        System.out.println("not in spring: " + quartz);
    }
}
JAVA

cat >expected <<'SEEN'
2026 to 2029: spring 24 runs, quartz 28
not in spring: [2026-05-29, 2027-01-29, 2027-10-29, 2028-12-29]
SEEN

java -cp 'lib/*' Try.java 2>/dev/null | tee seen
diff expected seen || { echo "spring-context no longer behaves as described"; exit 1; }
